/** The timeline: messages, requests with their forms, and turns that were stopped; page.mjs draws it with every change. */
import { $, copy, paintFace, paintTime, show, tree, write } from './elements.mjs';

const labels = { plan: 'Plan', warning: 'Take care', trace: 'Step' };
const titles = { tool_approval: 'Approval', question: 'Answer' };
const stops = {
  error: 'ran into an error',
  cancelled: 'was cancelled',
  shutdown: 'stopped: the server was closed',
};

/** @param me the operator's user id */
export function drawTimeline(ticket, me) {
  const { messages, requests, turns } = ticket;
  const message = {
    make: ({ type, author }) => {
      const node = copy('message', { em: labels[type], strong: author?.display_name ?? 'Warren' });
      node.classList.add(type, author?.user_id === me ? 'own' : 'other');
      paintFace(node.firstElementChild, author?.display_name ?? 'Warren', author?.user_id);
      return node;
    },
    update: (node, { id, content, created_at: at }) => {
      write(node.querySelector('p'), content);
      paintTime(node.querySelector('time'), at);
      show(node.querySelector('.requests'), atMessage(id));
    },
  };
  const request = {
    make: (thing) => makeRequest(thing, ticket),
    update: (node, thing) => updateRequest(node, thing, turns.get(thing.turn_id)),
  };
  const stop = {
    make: ({ reason, timestamp }) => {
      const node = copy('stop', { span: `Warren ${stops[reason] ?? 'stopped: the server went down'}` });
      paintTime(node.querySelector('time'), timestamp);
      return node;
    },
  };
  const asThings = (values, kind) => values.map((thing) => ({ ...kind, id: thing.id, thing }));
  const atMessage = (id) =>
    asThings(
      [...requests.values()].filter((each) => each.message_id === id),
      request,
    );
  const things = [
    ...asThings([...messages.values()], message),
    ...asThings(
      [...requests.values()].filter((each) => !messages.has(each.message_id)),
      request,
    ),
    ...asThings(
      [...turns.values()].filter(({ status }) => status === 'aborted'),
      stop,
    ),
  ];
  const timeOf = ({ thing }) => thing.created_at ?? thing.timestamp;
  show(
    $('timeline'),
    things.sort((a, b) => (timeOf(a) < timeOf(b) ? -1 : Number(timeOf(a) > timeOf(b)))),
  );
  $('empty').hidden = things.length > 0 || ticket.link !== 'live';
}

function makeRequest({ id, type, created_at: at }, ticket) {
  const node = copy('request');
  node.dataset.request = id;
  paintTime(node.querySelector('time'), at);
  const form = node.querySelector('form');
  // Enter in a text field decides nothing; the buttons do.
  form.onsubmit = (event) => event.preventDefault();
  const [no, yes] = form.querySelectorAll('button');
  if (type === 'question') [no.textContent, yes.textContent] = ['Decline', 'Answer'];
  const note = (text) => {
    node.dataset.said = text;
    write(node.querySelector('.note'), text);
  };

  async function decide(status) {
    const { comment, ...fields } = Object.fromEntries(
      [...new FormData(form)].filter(([, text]) => text !== ''),
    );
    const isAnswer = type === 'question' && status === 'approved';
    if (isAnswer && !fields.answer) return note('Choose an answer first.');
    const response = { ...(comment && { comment }), ...(isAnswer && fields) };
    form.firstElementChild.disabled = true;
    note('Sending…');
    const revision = Number(node.dataset.revision);
    const reply = await ticket.ask({ type: 'hitl_respond', request_id: id, revision, status, response });
    form.firstElementChild.disabled = false;
    note(reply.event === 'error' ? refusalOf(reply) : '');
  }
  no.onclick = () => decide('denied');
  yes.onclick = () => decide('approved');
  return node;
}

function updateRequest(node, request, turn) {
  const { type, status, revision, payload = {} } = request;
  const isPending = status === 'pending';
  if (node.dataset.revision !== `${revision}`) {
    const isQuestion = type === 'question';
    node.dataset.revision = revision;
    write(node.querySelector('.asked'), isQuestion ? payload.question : payload.tool_name);
    node.querySelector('.facts').replaceChildren(isQuestion ? '' : tree(payload.tool_args ?? payload));
    node.querySelector('.options').replaceChildren(...(isQuestion ? optionsOf(payload) : []));
  }
  node.dataset.status = status;
  node.querySelector('form').hidden = !isPending;
  write(node.querySelector('strong'), `${titles[type] ?? type}${isPending ? ' needed' : ''}`);
  write(node.querySelector('.outcome'), isPending ? '' : outcomeOf(request));
  write(node.querySelector('.note'), node.dataset.said || orphanNote(request, turn));
}

/** One radio for each option; a text field if any text will do. */
function optionsOf({ options, free_text: isOpen }) {
  const radios = (options ?? []).map((option) => {
    const label = copy('option', { span: option });
    label.firstElementChild.value = option;
    return label;
  });
  return isOpen || radios.length === 0 ? [...radios, copy('answer')] : radios;
}

/** How it was settled, and by whom. */
function outcomeOf({ type, status, response = {}, responded_by: by, reason }) {
  const verb = type === 'question' ? { approved: 'answered', denied: 'declined' }[status] : status;
  const said = [response.answer, response.comment && `“${response.comment}”`, reason]
    .filter(Boolean)
    .join(' · ');
  return `${by ? `${by.display_name} ${verb} this` : `Nobody answered: ${status}`}${said && `: ${said}`}`;
}

function refusalOf({ code, message, details }) {
  if (code === 'already_resolved') return `Your answer came second. ${outcomeOf(details.hitl)}.`;
  return code === 'stale_revision' ? 'This has changed since you looked: read it again.' : message;
}

/** After the turn that asked has stopped, nobody carries out what is approved. */
function orphanNote({ status, responded_at: at }, turn) {
  if (turn?.status !== 'aborted') return '';
  if (status === 'pending')
    return 'The turn that asked has stopped. Your answer is kept, but nothing will be done.';
  return status === 'approved' && at > turn.timestamp
    ? 'The turn that asked had stopped: nothing was done.'
    : '';
}
