/** Every word that the parts and the console say, in English; a build with another file in its place speaks another language. */
import type { WireCode } from '../client';
import { type Offer, wholeSpan } from '../protocol/asked';

const plural = (count: number, one: string, many = `${one}s`) =>
  `${count.toLocaleString('en')} ${count === 1 ? one : many}`;

const between = (least: number | undefined, most: number | undefined, what: string) => {
  if (least !== undefined && least === most) return plural(least, what);
  if (least !== undefined && most !== undefined) return `${least} to ${plural(most, what)}`;
  if (least !== undefined && least > 0) return `${plural(least, what)} or more`;
  return most === undefined ? '' : `at most ${plural(most, what)}`;
};

/** What a text of a format looks like. */
const formats: Readonly<Record<string, string | undefined>> = {
  email: 'name@example.com',
  uri: 'https://example.com/page',
  date: 'as 2027-01-31',
  time: 'as 16:30 or 16:30:00',
  'date-time': 'as 2027-01-31T16:30:00Z',
  duration: 'as P1DT12H or PT90M',
  ipv4: 'as 203.0.113.7',
  ipv6: 'as 2001:db8::1',
  cidrv4: 'as 203.0.113.0/24',
  cidrv6: 'as 2001:db8::/32',
  uuid: 'as 6ba7b810-9dad-41d1-80b4-00c04fd430c8',
};

/** What a person did, by the kind of request and how it ended. */
const deeds: Readonly<Record<string, string>> = {
  approved: 'approved',
  denied: 'denied',
  expired: 'expired',
  cancelled: 'withdrawn',
  superseded: 'replaced',
};
const questionDeeds: Readonly<Record<string, string>> = {
  ...deeds,
  approved: 'answered',
  denied: 'declined',
};
const deedOf = (type: string, status: string) =>
  (type === 'question' ? questionDeeds : deeds)[status] ?? status;
const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

const errors: Partial<Record<WireCode | 'closed' | 'queue_full', string>> = {
  stale_revision: 'This has changed since you looked. Read it again, then answer.',
  not_allowed: 'You may not answer this request. Another person has to.',
  already_answered: 'Your answer is counted already. The others have to answer now.',
  claimed_by_other: 'Another person has claimed this request exclusively and is answering it.',
  forbidden: 'You no longer have access to this ticket.',
  not_found: 'This request is not there, or not for you to see.',
  rate_limited: 'That was a lot at once. Wait a few seconds and try again.',
  busy: 'The server has its hands full. Try again in a moment.',
  storage_failed: 'The server could not store your answer, so it does not count. Try again.',
  unavailable: 'The server cannot check your rights at the moment. Try again.',
  closed: 'The connection is over. Reload the page to answer.',
  queue_full: 'Too much is waiting to be sent. Try again when you are connected.',
  authentication_required: 'You are signed out. Sign in again to answer.',
};

/** Of what is done about a turn. */
const turnErrors: Partial<Record<WireCode | 'closed' | 'queue_full', string | undefined>> = {
  not_allowed: 'You may not do this to the work of this ticket. Another person has to.',
  not_found: 'This is not there, or not for you to see.',
  turn_ended: 'It has ended already.',
  turn_stuck: 'It is not stuck any more.',
  forbidden: errors.forbidden,
  rate_limited: errors.rate_limited,
  busy: 'Other work of the same conversation is not over yet. Try again then.',
  conflict: 'The agent has no code any more that this could go on with.',
  storage_failed: 'The server could not store this, so nothing was done. Try again.',
  unavailable: 'The server does not answer, or cannot check your rights. Try again.',
  closed: 'The connection is over. Reload the page.',
  queue_full: errors.queue_full,
  authentication_required: 'You are signed out. Sign in again.',
};

export const texts = {
  // Times and numbers
  justNow: 'just now',
  ago: (time: string) => `${time} ago`,
  seconds: (count: number) => `${count} s`,
  minutes: (count: number) => `${count} min`,
  hours: (count: number) => `${count} h`,
  days: (count: number) => `${count} d`,
  more: (count: number) => `+${count.toLocaleString('en')}`,

  // Text from elsewhere
  hiddenSign: 'A sign that cannot be seen, or that turns the reading direction',
  showMore: (next: number, rest: number) =>
    next === rest
      ? `Show the ${plural(rest, 'character')} between`
      : `Show ${next.toLocaleString('en')} of ${plural(rest, 'character')} between`,
  left: (count: number) => `${plural(count, 'character')} of it are not here`,
  showMoreEntries: (next: number, rest: number) =>
    next === rest
      ? `Show the ${plural(rest, 'entry', 'entries')} between`
      : `Show ${next} of ${plural(rest, 'entry', 'entries')} between`,
  unseen: (count: number) =>
    `${count === 1 ? 'A part of this is' : `${count} parts of this are`} folded. Look at all of it before you approve; denying is possible at once.`,
  showAll: 'Show everything',
  entries: (count: number) => plural(count, 'entry', 'entries'),
  emptyText: 'empty text',
  emptyList: 'empty list',
  emptyObject: 'nothing',
  nothing: 'not set',
  was: 'was',

  // Kinds of request
  approval: 'Approval',
  question: 'Question',
  form: 'Form',

  // What the agent says, and the rest of what is approved
  saidByAgent: 'Said by the agent',
  why: 'Reason',
  risk: (risk: string) => `${capital(risk)} risk`,
  alsoPart: 'Also part of what is approved',
  editable: (may: boolean) => (may ? 'The arguments may be edited' : 'The arguments may not be edited'),
  takesFreeText: (may: boolean) =>
    may ? 'An answer outside the options is taken' : 'No answer outside the options is taken',
  offered: 'May be allowed from now on',
  anOption: 'Option',

  // A request
  askedFor: 'Asked for',
  inTicket: 'in',
  revision: (number: number) => `version ${number}`,
  expiresIn: 'Expires in',
  timeIsUp: 'Time is up',
  willRun: 'What will run',
  wasApproved: 'What was approved',
  wasAsked: 'What was asked for',
  arguments: 'Arguments',
  details: 'Details',
  noArguments: 'no arguments',
  edit: 'Edit',
  asAsked: 'As it was asked',
  editsAgain: 'My edits again',
  dropEdits: 'Drop edits',
  optional: 'optional',
  clear: 'Clear',
  notJson: 'is not JSON',
  issue: (message: string) => `${capital(message)}${/[.!?]$/.test(message) ? '' : '.'}`,
  bounds: (least: number | undefined, most: number | undefined) => {
    if (least !== undefined && most !== undefined) return `${least} to ${most}`;
    if (least !== undefined) return `${least} or more`;
    return most === undefined ? '' : `${most} or less`;
  },
  above: (bound: number | undefined) => (bound === undefined ? '' : `above ${bound}`),
  below: (bound: number | undefined) => (bound === undefined ? '' : `below ${bound}`),
  step: (step: number | undefined) => (step === undefined ? '' : `a multiple of ${step}`),
  length: (least: number | undefined, most: number | undefined) => between(least, most, 'character'),
  size: (least: number | undefined, most: number | undefined) => between(least, most, 'item'),
  format: (format: string | undefined) => (format === undefined ? '' : (formats[format] ?? format)),
  becomes: (value: string) => `left out, it becomes ${value}`,
  default: 'default',
  types: {
    string: 'Text',
    number: 'Number',
    integer: 'Whole number',
    boolean: 'Yes or no',
    array: 'List',
    object: 'Fields',
    null: 'None',
  } as Readonly<Record<string, string | undefined>>,
  json: 'JSON',
  numbered: (title: string, number: number) => `${title} (${number})`,
  option: (value: unknown): string => {
    if (typeof value === 'string') return value === '' ? 'empty text' : value;
    if (typeof value === 'boolean') return value ? 'Yes' : 'No';
    return value === null ? 'None' : JSON.stringify(value);
  },
  notSet: 'Not set',
  choose: 'Choose…',
  noneOfThese: 'None of these',
  inThisOrder: 'in this order',
  noneFits: 'What stands there fits none of these:',
  leaveEmpty: 'Leave empty',
  sentEmpty: 'sent as an empty text',
  withHiddenSigns: 'With signs that cannot be seen:',
  pick: (label: string) => `Pick ${label}`,
  item: (number: number) => `Item ${number}`,
  add: 'Add',
  fillIn: 'Fill in',
  remove: 'Remove',
  removeLast: 'Remove the last',
  moveUp: 'Move up',
  moveDown: 'Move down',
  noEntries: 'no entries',
  name: 'Name',
  value: 'Value',
  needsName: 'needs a name',
  noName: 'cannot be called so',
  nameTaken: 'is called like another entry',
  noNumber: 'has to be a number',
  inexact:
    'cannot be carried exactly by a number: use fewer digits, or write it as a text where one is taken',
  status: {
    pending: 'Waiting',
    approved: 'Approved',
    denied: 'Denied',
    expired: 'Expired',
    cancelled: 'Withdrawn',
    superseded: 'Replaced',
  } as Readonly<Record<string, string>>,

  // Who decides
  takes: (needed: number, of: number | undefined) =>
    `${plural(needed, 'approval')}${of === undefined ? '' : ` of ${of}`}`,
  by: 'by',
  anybody: 'by anybody in the ticket',
  group: (name: string) => `group ${name}`,
  notTheRequester: 'not by the requester',
  oneDenies: 'one denial denies',
  majorityDenies: (needed: number) => `denied once ${plural(needed, 'approval')} cannot be reached`,
  sameAnswer: 'all have to approve the same',
  exclusiveClaim: 'while a person has claimed it, only they may answer',
  answersDiffer:
    'The answers differ. It stays open until enough people say the same; everybody may change their own.',
  stage: (number: number) => `Round ${number}`,
  approvalsSoFar: (count: number, needed: number) => `${count} of ${plural(needed, 'approval')}`,
  verdict: (type: string, status: string) => deedOf(type, status),
  alreadyCounted: (status: string) =>
    `You ${deedOf('', status)} this in an earlier round. It waits for others now.`,
  youSaid: (type: string, status: string) => `You ${deedOf(type, status)} this.`,
  canChange: 'It waits for others now. You can change your answer until it is settled.',
  askerGone:
    'No program waits for this any more: the one that asked has ended, so an approval may run nothing.',
  askerGoneShort: 'No program waits for this any more',
  aloneForm: 'This takes more than a press: answer it by itself',
  aloneGrants: 'This offers a grant: answer it by itself',
  aloneAgreement: 'Several people have to approve the same: answer it by itself',
  fourEyes: 'You asked for this, so another person has to answer.',
  heldBy: (name: string) => `${name} is answering this and holds it for now.`,
  notNamed: 'This one is for others to answer.',
  isAnswering: 'is answering',

  // Answering
  approve: 'Approve',
  deny: 'Deny',
  answer: 'Answer',
  decline: 'Decline',
  sending: 'Sending…',
  comment: 'Comment',
  commentHint: 'Comment (optional)',
  commentOnDenial: 'Comment, with a denial only',
  commentNotTaken: 'goes with a denial only: take it out to approve',
  commentTooLong: (length: number, most: number) =>
    `has ${length.toLocaleString('en')} characters, of which ${most.toLocaleString('en')} are taken`,
  yourAnswer: 'Your answer',
  otherAnswer: 'Something else',
  chooseFirst: 'Choose an answer first.',
  changedSince: 'This has changed since you looked. Read it again before you answer.',
  iHaveRead: 'I have read it',
  pressedTooLate: 'This changed before you pressed. Nothing was sent: look again, then press again.',
  approveKey: 'Ctrl ↵',
  denyKey: 'Ctrl ⇧ ↵',
  notSentTitle: 'Not sent',
  filledInBefore: 'This is what you filled in before it changed. It was not sent.',
  wasNotSent: 'Not sent: this is what you had written.',
  useAgain: 'Use it again',
  discard: 'Discard',
  copy: 'Copy',
  copied: 'Copied',
  fieldGone:
    'The field you were writing in is gone. Nothing was sent, and your keys do nothing until you press Tab, Escape or something on the page. This is what you wrote:',
  grantScope: 'Allow it from now on?',
  justThisOnce: 'Just this once',
  grantGiven: 'Allowed from then on as well',
  grantUntil: 'until',
  grantRevoked: 'taken back by',
  approvedByGrant: 'A grant approved it in place of people; it was given by',
  neverRanGone: 'Nothing has run with this approval: the program that asked has ended.',
  offer: (offer: Offer) => {
    const what = offer.args === 'exact' ? 'This very call' : 'Any call of this tool';
    const where = offer.scope === 'ticket' ? 'in this ticket' : 'in every ticket';
    const { count, unit } = wholeSpan(offer.expires_in_ms ?? 0);
    const time = offer.expires_in_ms === undefined ? undefined : plural(count, unit);
    const often = offer.uses === undefined ? '' : `, ${plural(offer.uses, 'time')}`;
    return `${what}, ${where}${time === undefined ? '' : `, for ${time}`}${often}`;
  },

  // A ticket
  plan: 'Plan',
  presence: 'Who is here',
  timeline: 'Timeline',
  turns: 'Work in progress',
  turn: {
    queued: (agent: string) => `${agent} has this next`,
    asks: (agent: string) => `${agent} waits for an answer`,
    runs: (agent: string) => `${agent} is working`,
    waits: (agent: string) => `${agent} waits`,
    waitsFor: (agent: string) => `${agent} waits for:`,
    waitsUntil: (agent: string) => `${agent} waits until`,
    stuck: (agent: string) => `${agent} is stuck`,
  },
  writes: (agent: string) => `${agent} is writing`,
  hasWritten: (agent: string) => `${agent} has finished writing`,
  requests: (count: number) => plural(count, 'request'),
  lookAt: 'Show it in the timeline',
  since: 'since',
  atMostUntil: 'at most until',
  andMore: (count: number) => `and ${count} more`,
  continued: 'goes on after a restart',
  moreTurns: (count: number) => `Show ${count} more`,
  fewerTurns: 'Show fewer',
  problem: {
    changed: 'The code of the agent has changed: it no longer does what was recorded. Nothing new was done.',
    crashing: 'The server went down each time this was tried, without getting any further.',
    too_long: 'It has done more than can be recorded.',
  } as Readonly<Record<string, string | undefined>>,
  recorded: 'Recorded',
  cameInstead: 'Came instead',
  startOver: 'Start over',
  reallyStartOver: 'Really start over',
  reallyCancel: 'Really cancel',
  notNow: 'Back',
  whatStartOverDoes:
    'It begins again at the top. What was said stays, answers to the very same questions are used again, and everything else is done again.',
  whatCancelDoes: 'It ends for good, and what it asks is withdrawn.',
  workWaits: 'The work that asked this waits for the answer',
  workIsStuck:
    'The work that asked this is stuck: an answer is stored, and used once it goes on. Its ticket says what can be done',
  elapsed: (seconds: number) =>
    seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)}:${`${seconds % 60}`.padStart(2, '0')}`,
  cancel: 'Cancel',
  cancelling: 'Cancelling…',
  stopped: {
    error: (agent: string) => `${agent} ran into an error`,
    cancelled: (agent: string) => `${agent} was cancelled`,
    shutdown: (agent: string) => `${agent} stopped: the server was closed`,
    crash: (agent: string) => `${agent} stopped: the server went down`,
    expired: (agent: string) => `${agent} stopped: the time for it was over`,
  },
  typing: (names: readonly string[]) => {
    const [one, two] = names;
    if (names.length === 1) return `${one} is typing`;
    return names.length === 2 ? `${one} and ${two} are typing` : `${names.length} people are typing`;
  },
  ticketNamed: (id: string) => `Ticket ${id}`,
  day: (date: Date) => date.toLocaleDateString('en', { weekday: 'long', day: 'numeric', month: 'long' }),
  agent: 'Agent',
  message: 'Message',
  writeTo: (agent: string) => `Write to ${agent}`,
  send: 'Send',
  notSent: (why: string) => `Not sent. ${why}`,
  sendAgain: 'Send again',
  maybeSent: 'The page was loaded again before there was an answer: look above whether it was said.',
  newMessages: (count: number) => `${count} new`,
  toTheEnd: 'To the end',
  earlier: 'Loading what was before…',
  beginning: 'This is where it begins.',
  historyFailed: 'What was before could not be loaded.',
  tryAgain: 'Try again',
  emptyTicket: 'Nothing has been said here yet.',
  loading: 'Loading…',

  // The connection
  connection: {
    connecting: 'Connecting',
    live: 'Live',
    resuming: 'Reconnecting',
    closed: 'Disconnected',
  },
  offline: 'Connection lost.',
  overStream: 'Connected without a WebSocket, since none gets through to the server. Everything works.',
  refused: (status: number, message: string | undefined) =>
    message ? `${message}.` : `The server answers ${status}.`,
  triesAgain: 'It is tried again.',
  shownIsFrom: (time: string) => `What you see is from ${time}.`,
  waitsForConnection: 'What you answer or write is sent as soon as it is back.',
  ending: {
    4401: 'You are signed out. Sign in again, then come back.',
    4403: 'You have no access to this ticket.',
    4404: 'There is no such ticket.',
    4409: 'This ticket was opened in the same tab elsewhere.',
    4429: 'Too many people are in this ticket, or too much was sent at once.',
  } as Readonly<Record<number, string | undefined>>,
  closedWith: (code: number | undefined, reason: string | undefined) =>
    `The connection is over (${[code, reason].filter(Boolean).join(' ')}).`,
  comeBack: 'Come back',

  // The inbox
  inbox: 'Inbox',
  waiting: (count: number) => plural(count, 'request that waits', 'requests that wait'),
  order: 'Order',
  orders: { urgent: 'Most urgent', oldest: 'Oldest first', newest: 'Newest first' } as const,
  search: 'Search',
  searchHint: 'Search tools, arguments, tickets, people',
  filter: 'Show only',
  all: 'All',
  questions: 'Questions',
  freeText: 'free text',
  check: (title: string) => `Choose ${title}`,
  claimedBy: (name: string) => `${name} is answering`,
  checked: (count: number) => `${count} chosen`,
  checkAll: (count: number, tool: string) => `Choose all ${count} ${tool}`,
  severalAtOnce: 'Several at once',
  dropped: {
    changed: 'Has changed since you chose it: not chosen any more',
    gone: 'Is settled, or not in your list any more: not chosen any more',
  } as const,
  droppedNames: (names: readonly string[]) =>
    `Not chosen any more, since changed or settled: ${names.slice(0, 3).join(', ')}${names.length > 3 ? ` and ${names.length - 3} more` : ''}`,
  several: (count: number) => `${count} ×`,
  ticket: 'Ticket',
  otherArguments: 'All else',
  approveAll: (count: number) => `Approve ${count}`,
  denyAll: (count: number) => `Deny ${count}`,
  shortError: (code: string) =>
    code === 'already_resolved' ? 'Another person was faster' : (errors[code as WireCode] ?? code),
  loadMore: 'Show more',
  openTicket: 'Open ticket',
  chooseOne: 'Choose a request.',
  allDone: 'Nothing waits for you.',
  nothingFound: 'Nothing like that waits for you.',
  close: 'Close',

  // Outcomes
  outcome: 'Outcome',
  outcomeOf: (type: string, status: string) => capital(deedOf(type, status)),
  nobody: 'Nobody',
  alreadyBy: (type: string, status: string) =>
    ['approved', 'denied'].includes(status)
      ? `${deedOf(type, status)} this`
      : `answered: it was ${deedOf(type, status)}`,
  cameSecond: 'Your answer came second and was not counted.',
  execution: {
    executing: 'Running since',
    executed: 'Ran',
    failed: 'Failed',
    unknown: 'It is unknown whether it ran; last seen',
    not_run: 'Not run',
  } as const,
  // The console around the parts
  console: 'Approvals',
  tickets: 'Tickets',
  openTicketHint: 'Open a ticket…',
  grants: 'Grants',
  views: 'Views',
  tabs: { timeline: 'Timeline', audit: 'Audit' } as const,
  chart: 'Live chart',
  download: 'Download',
  when: 'When',
  what: 'What',
  who: 'Who',
  which: 'Which way',
  request: 'Request',
  noAudit: 'Nothing was asked here yet.',
  via: {
    socket: 'A page',
    rest: 'REST',
    link: 'A link',
    channel: 'A channel',
    app: 'The app',
    turn: 'The agent',
    deadline: 'Time',
  } as Readonly<Record<string, string | undefined>>,
  grantsAre: 'What was allowed beyond once. The agent does not ask again as long as one of these fits.',
  noGrants: 'Nothing is allowed beyond once.',
  tool: 'Tool',
  reach: 'What',
  grantReach: { exact: 'This very call', any: 'Any call' } as const,
  everywhere: 'every ticket',
  grantedBy: 'By',
  until: 'Until',
  usesLeft: (count: number) => `${plural(count, 'time')} left`,
  revoke: 'Take back',
  reallyRevoke: 'Really take back?',
  revoked: 'taken back',
  noInboxTickets:
    'This app does not say which tickets belong in your inbox (auth.inboxTickets), so only requests that name you or a group of yours are here. Others wait in their tickets: open one by its id.',
  signedOut: 'You are signed out',
  signedOutHint: 'Sign in where you usually do, then come back.',
  newRequests: (count: number) => `${count} new requests wait for you`,
  notifyOn: 'Notify me of new requests',
  notifyOff: 'Stop notifying me',
  notifyRefused: 'This browser does not let the page notify you',
  toLight: 'Light',
  toDark: 'Dark',
  help: 'Keys',
  keysAreOn: 'Single keys do these things',
  keys: [
    ['j k', 'The next request, the one before'],
    ['Ctrl ↵', 'To Approve, from a field too; on a Mac also ⌘ ↵. Then Enter or Space approves'],
    ['Ctrl ⇧ ↵', 'To Deny, the same way'],
    ['Esc', 'Leave the field one writes in'],
    ['c', 'To the comment'],
    ['e', 'To the button that edits the arguments'],
    ['x', 'Choose several of the same tool'],
    ['o', 'Open its ticket'],
    ['/', 'Search'],
    ['g', 'To the inbox'],
    ['?', 'This list'],
  ] as ReadonlyArray<readonly [string, string]>,

  errors: errors as Readonly<Record<string, string | undefined>>,
  turnErrors: turnErrors as Readonly<Record<string, string | undefined>>,
};
