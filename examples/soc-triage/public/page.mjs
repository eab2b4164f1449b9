/** The operator's page: the list of tickets, the one that is open, and what is written to it; index.html loads it. */
import { $, copy, paintFace, show, write } from './elements.mjs';
import { Ticket } from './ticket.mjs';
import { drawTimeline } from './timeline.mjs';

const response = await fetch('/tickets');
if (!response.ok) location.assign('/');
const { user, tickets } = await response.json();
let ticket;
let frame = 0;
let noticeTimer = 0;

const links = { wait: 'Connecting…', live: 'Live', off: 'Reconnecting…', end: 'Disconnected' };
const lost = 'Connection lost: what you see may be out of date. What you send goes out when it is back.';
const farewells = {
  4401: ['You are logged out.', 'Log in', () => location.assign('/')],
  4403: ['You have no access to this ticket.'],
  4404: ['There is no such ticket.'],
  4409: ['This ticket is open in a copy of this tab.', 'Use it here'],
};

/** Many envelopes may come between two pictures; they are drawn once. */
function drawSoon() {
  cancelAnimationFrame(frame);
  frame = requestAnimationFrame(draw);
}

function draw() {
  const scroll = $('scroll');
  const isAtEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 60;
  drawTimeline(ticket, user.id);
  drawLink(ticket);
  const pending = [...ticket.requests.values()].filter(({ status }) => status === 'pending');
  write($('waiting'), pending.length === 0 ? '' : `${pending.length} waiting for you`);
  markWaiting(ticket.id, pending.length);
  document.title = `${pending.length ? `(${pending.length}) ` : ''}${ticket.id} · SOC triage`;
  const unfinished = [...ticket.turns.values()].filter(
    ({ status }) => status === 'running' || status === 'queued',
  );
  show(
    $('turns'),
    unfinished.map(({ id, status }) => ({
      id,
      make: () => makeTurn(id),
      update: (node) => {
        const isWaiting = pending.some(({ turn_id: turnId }) => turnId === id);
        node.classList.toggle('waiting', isWaiting || status === 'queued');
        const text = isWaiting ? 'Warren waits for an answer' : 'Warren is working';
        write(node.querySelector('span'), status === 'queued' ? 'A message waits its turn' : text);
      },
    })),
  );
  show(
    $('presence'),
    ticket.presence.map(({ user: { id, name } }) => ({ id, make: () => makePerson(name, id) })),
  );
  if (isAtEnd) scroll.scrollTop = scroll.scrollHeight;
}

function drawLink({ link, farewell }) {
  $('link').dataset.state = link;
  write($('link'), links[link]);
  const end = farewells[farewell] ?? ['The server has ended the connection.', 'Connect again'];
  const [text, label, act] = link === 'off' ? [lost, 'Try now'] : link === 'end' ? end : [];
  $('trouble').hidden = !text;
  write($('trouble').firstElementChild, text);
  write($('trouble').lastElementChild, label);
  $('trouble').lastElementChild.onclick = act ?? (() => ticket.connect());
  $('compose').hidden = $('hints').hidden = link === 'end';
}

function makeTurn(id) {
  const node = copy('turn');
  node.querySelector('button').onclick = async () => {
    const reply = await ticket.ask({ type: 'turn_cancel', turn_id: id });
    if (reply.event === 'error') tell(reply.message);
  };
  return node;
}

function makePerson(name, id) {
  const node = copy('person', { 'span + span': name });
  paintFace(node.firstElementChild, name, id);
  return node;
}

function tell(text) {
  write($('notice'), text);
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(() => write($('notice')), 15_000);
}

/** Requests that wait in the tickets which are not open. */
async function countWaiting() {
  const { items } = await (await fetch('/hitl/requests?status=pending&limit=200')).json();
  for (const { id } of tickets.filter((each) => each.id !== ticket.id))
    markWaiting(id, items.filter((item) => item.ticket_id === id).length);
}

function markWaiting(id, count) {
  const entry = [...$('tickets').children].find((each) => each.hash === `#${id}`);
  if (entry) write(entry.lastElementChild, count || '');
}

function open() {
  const id = decodeURIComponent(location.hash.slice(1)) || tickets[0].id;
  ticket?.leave();
  ticket = new Ticket(id, drawSoon, tell);
  $('timeline').replaceChildren();
  const { title = id, severity, ip = '203.0.113.7' } = tickets.find((each) => each.id === id) ?? {};
  write($('title'), title);
  write($('where'), id);
  write($('severity'), severity);
  $('severity').dataset.severity = severity;
  $('hints').children[1].textContent = `block ${ip}`;
  for (const entry of $('tickets').children) entry.ariaCurrent = entry.hash === `#${id}` ? 'page' : null;
  $('say').readOnly = false;
  drawSoon();
}

paintFace($('me').firstElementChild, user.name, user.id);
write($('me').lastElementChild, user.name);
for (const { id, title, severity } of tickets) {
  const entry = Object.assign(copy('ticket', { small: id, strong: title }), { href: `#${id}` });
  entry.firstElementChild.dataset.severity = entry.firstElementChild.title = severity;
  $('tickets').append(entry);
}
$('waiting').onclick = () => document.querySelector('[data-status=pending]')?.focus();
for (const hint of $('hints').children) {
  hint.onclick = () => {
    $('say').value = hint.textContent;
    $('say').focus();
  };
}
$('compose').onsubmit = async (event) => {
  event.preventDefault();
  const say = $('say');
  if (say.readOnly || !say.value.trim()) return;
  say.readOnly = true;
  const reply = await ticket.ask({ type: 'message', content: say.value });
  say.readOnly = false;
  if (reply.event === 'error') tell(reply.message);
  else say.value = '';
};
addEventListener('hashchange', open);
addEventListener('online', () => ticket.link === 'off' && ticket.connect());
setInterval(() => document.hidden || countWaiting().catch(() => {}), 5_000);
countWaiting().catch(() => {});
open();
