/** Turns what came over the wire into elements, as text and never as markup; the timeline and the page draw with it. */

export const $ = (id) => document.getElementById(id);

const nameSign = (sign) => `⟨U+${sign.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}⟩`;
/** The text, with what is invisible or turns the reading direction made visible. */
export const plain = (text) => String(text).replace(/(?![\n\t])[\p{Cc}\p{Cf}\u2028\u2029]/gu, nameSign);

/** Gives an element this text and nothing else; without text it is hidden. Left alone if it says so already. */
export function write(node, text = '') {
  const shown = plain(text);
  if (node.textContent !== shown) node.textContent = shown;
  node.hidden = shown === '';
}

/** A copy of a template of index.html, with texts by selector. */
export function copy(name, texts = {}) {
  const node = $(`${name}-template`).content.firstElementChild.cloneNode(true);
  for (const [selector, text] of Object.entries(texts)) write(node.querySelector(selector), text);
  return node;
}

/** Shows a person, or the agent if no id is given, as a letter on a colour. */
export function paintFace(node, name, id = '') {
  write(node, [...name][0] ?? '?');
  node.dataset.hue = id ? [...id].reduce((sum, sign) => sum + sign.codePointAt(0), 0) % 5 : 'agent';
}

/** Shows when, to the minute; the whole of it on hovering. */
export function paintTime(node, at) {
  write(node, new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' }));
  node.dateTime = node.title = at;
}

/** Any JSON value, as nested names and values. */
export function tree(value) {
  const entries = value !== null && typeof value === 'object' ? Object.entries(value) : [];
  const node = document.createElement(entries.length === 0 ? 'code' : 'dl');
  if (entries.length === 0) write(node, JSON.stringify(value));
  for (const [key, each] of entries) {
    const row = copy('row', { dt: key });
    row.lastElementChild.append(tree(each));
    node.append(row);
  }
  return node;
}

/**
 * Makes `list` show these things in this order: new ones are made, known ones stay where they are, so that the keyboard's
 * focus and what was typed stay too, and others go.
 * @param things each with `id`, `make(thing)` giving an element, and perhaps `update(element, thing)`
 */
export function show(list, things) {
  const known = new Map([...list.children].map((node) => [node.thingId, node]));
  let next = list.firstElementChild;
  for (const { id, make, update, thing } of things) {
    const node = known.get(id) ?? Object.assign(make(thing), { thingId: id });
    update?.(node, thing);
    if (node === next) next = next.nextElementSibling;
    else list.insertBefore(node, next);
    known.delete(id);
  }
  for (const node of known.values()) node.remove();
}
