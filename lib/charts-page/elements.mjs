/** The few elements the page makes; text is always text. */

function make(name, className, text) {
  const element = document.createElement(name);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

/** One line of a list, to be chosen. */
export function item({ title, about, state, more, current, onChoose }) {
  const button = make('button', 'item');
  button.type = 'button';
  button.append(make('b', '', title), make('i', '', state), make('small', '', about));
  if (more) button.append(make('span', 'more', more));
  if (current) button.setAttribute('aria-current', 'true');
  button.onclick = onChoose;
  const line = make('li');
  line.append(button);
  return line;
}

export function fill(list, items) {
  list.replaceChildren(...(items.length > 0 ? items : [make('li', 'none', 'none')]));
}

/** A time of today as a time, an older one with its day. */
export function time(iso) {
  const at = new Date(iso);
  const isToday = at.toDateString() === new Date().toDateString();
  return isToday ? at.toLocaleTimeString() : at.toLocaleString();
}
