/** The live charts: lists what is going on, shows one actor on its chart, and steps through what it has done; index.html loads it. */
import { Chart } from './chart.mjs';
import { fill, item, time } from './elements.mjs';

const $ = (id) => document.getElementById(id);
const chart = new Chart($('chart'));

/** The actor that is shown: `machine`, `id`, `ticket_id`, and its `steps`, oldest first. */
let shown;
/** Which of its steps is looked at; the last one while it is followed. */
let at = -1;
let isLive = true;
let stream;
let reload = 0;

/** Steps kept of one actor; older ones are in the audit. */
const maxSteps = 1_000;

async function get(path) {
  const answer = await fetch(path, { headers: { accept: 'application/json' } });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

async function list({ cursor } = {}) {
  const query = new URLSearchParams([...new FormData($('find'))].filter(([, value]) => value !== ''));
  if (cursor) query.set('cursor', cursor);
  const { tickets, turns, requests, next_cursor: next } = await get(`actors?${query}`);
  fill($('tickets'), tickets.map(entry));
  fill($('turns'), turns.map(entry));
  const entries = requests.map(entry);
  if (cursor) $('requests').append(...entries);
  else fill($('requests'), entries);
  $('more').hidden = next === undefined;
  $('more').onclick = () => list({ cursor: next }).catch(say);
}

function entry(actor) {
  const { machine, id, ticket_id: ticketId, states, what } = actor;
  const isShown = shown?.machine === machine && shown.id === id;
  return item({
    title: what ?? id,
    about: machine === 'ticket' ? '' : ticketId,
    state: nameOf(states, machine),
    current: isShown,
    onChoose: () => open(actor).catch(say),
  });
}

/** `hitlRequest.pending.open` is `pending.open`. */
function nameOf(states, machine) {
  return (states.at(-1) ?? '').slice(machine.length + 1);
}

async function open({ machine, id, ticket_id: ticketId }) {
  history.replaceState(null, '', `#${machine}/${encodeURIComponent(id)}/${encodeURIComponent(ticketId)}`);
  listen({ machine, id });
  const told = await get(
    `actors/${machine}/${encodeURIComponent(id)}?ticket_id=${encodeURIComponent(ticketId)}`,
  );
  shown = { machine, id, ticket_id: ticketId, steps: told.steps };
  isLive = true;
  at = shown.steps.length - 1;
  $('title').textContent = told.what ?? id;
  $('subtitle').textContent = [machine, machine === 'ticket' ? undefined : `ticket ${ticketId}`, id]
    .filter(Boolean)
    .join(' · ');
  $('note').textContent = told.note ?? '';
  $('walk').hidden = false;
  await chart.show(machine);
  draw();
  await list();
}

/** One stream for the page: every step of what is shown, and that something else has moved. */
function listen({ machine, id } = {}) {
  stream?.close();
  const query = machine ? `?machine=${machine}&id=${encodeURIComponent(id)}` : '';
  stream = new EventSource(`steps${query}`);
  stream.onopen = () => say('Live');
  stream.onerror = () => say('Connection lost; trying again…');
  stream.addEventListener('step', ({ data }) => follow(JSON.parse(data)));
  stream.addEventListener('moved', () => {
    clearTimeout(reload);
    reload = setTimeout(() => list().catch(say), 150);
  });
  stream.addEventListener('lost', ({ data }) => say(`${JSON.parse(data).steps} steps were too many to show`));
}

function follow(step) {
  if (shown?.machine !== step.machine || shown.id !== step.id) return;
  shown.steps.push(step);
  if (shown.steps.length > maxSteps) {
    shown.steps.shift();
    at -= 1;
  }
  if (isLive) at = shown.steps.length - 1;
  draw();
}

function go(to) {
  if (!shown) return;
  at = Math.min(Math.max(to, 0), shown.steps.length - 1);
  isLive = at === shown.steps.length - 1;
  draw();
}

function draw() {
  const { steps } = shown;
  const step = steps[at];
  chart.mark(step?.to ?? [], step?.taken ?? []);
  $('place').textContent = steps.length === 0 ? 'no steps yet' : `${at + 1} of ${steps.length}`;
  $('live').setAttribute('aria-pressed', String(isLive));
  $('back').disabled = $('first').disabled = at <= 0;
  $('forward').disabled = at >= steps.length - 1;
  fill(
    $('steps'),
    steps.map((each, index) =>
      item({
        title: each.event === 'xstate.init' ? 'begins' : each.event,
        about: [time(each.at), each.by].filter(Boolean).join(' · '),
        state: nameOf(each.to, each.machine),
        more: each.why,
        current: index === at,
        onChoose: () => go(index),
      }),
    ),
  );
  const [aside, line] = [$('steps').parentElement, $('steps').children[at]];
  if (line) aside.scrollTop = line.offsetTop - aside.clientHeight / 2;
}

function say(what) {
  $('link').textContent = what instanceof Error ? what.message : what;
}

$('first').onclick = () => go(0);
$('back').onclick = () => go(at - 1);
$('forward').onclick = () => go(at + 1);
$('live').onclick = () => go(shown.steps.length - 1);
$('size').onclick = () => $('size').setAttribute('aria-pressed', String(chart.toggleFit()));
$('find').onchange = () => list().catch(say);
$('find').onsubmit = (event) => event.preventDefault();
addEventListener('keydown', ({ key, target }) => {
  if (target.closest?.('input, select')) return;
  const moves = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: Number.POSITIVE_INFINITY };
  if (key in moves) go(moves[key]);
});

const [machine, id, ticketId] = location.hash.slice(1).split('/').map(decodeURIComponent);
if (machine && id) open({ machine, id, ticket_id: ticketId ?? id }).catch(say);
else {
  listen();
  list().catch(say);
}
