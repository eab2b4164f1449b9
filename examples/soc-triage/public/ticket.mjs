/** One ticket as the hub tells it in `hitl.v1`: what is known of it, and the connection that feeds it; page.mjs draws it. */

const randomId = () => crypto.getRandomValues(new Uint32Array(4)).join('-');
const tab = sessionStorage.getItem('tab') ?? randomId();
sessionStorage.setItem('tab', tab);

/** Close codes that no new try will change: 44xx, and what only a faulty page can bring about. */
const isFinal = (code) => [1000, 1002, 1003, 1007, 1009].includes(code) || (code >= 4400 && code < 4500);
/** How often a silent hub is pinged, and how long it may stay silent: longer than a background tab's timers sleep. */
const [pingMs, silenceMs] = [10_000, 75_000];

export class Ticket {
  messages = new Map();
  requests = new Map();
  turns = new Map();
  presence = [];
  /** `wait`, `live`, `off` (will come back by itself), `end` (will not; `farewell` is the code that says why). */
  link = 'wait';
  farewell = 0;
  #epoch = '';
  #seq = 0;
  #tries = 0;
  #retryAfter;
  #heard = 0;
  #socket;
  #timer;
  /** Frames that nothing has answered yet; sent again after a reconnect, since the hub carries out each one once. */
  #unanswered = new Map();

  /** @param onChange called with what was heard, after it is known; @param onNotice with what the app says in passing */
  constructor(id, onChange, onNotice) {
    Object.assign(this, { id, onChange, onNotice, path: encodeURIComponent(id) });
    this.pulse = setInterval(() => this.#check(), pingMs);
    this.connect();
  }

  /** Sends a frame, now or after the next reconnect; resolves with its `ack` or `error`. */
  ask(frame) {
    const id = randomId();
    const sent = { ...frame, id };
    this.#transmit(sent);
    return new Promise((resolve) => this.#unanswered.set(id, { sent, resolve }));
  }

  leave() {
    clearInterval(this.pulse);
    clearTimeout(this.#timer);
    this.#socket?.close();
    this.#socket = undefined;
  }

  connect() {
    if (this.link === 'end') this.link = 'wait';
    clearTimeout(this.#timer);
    this.#socket?.close();
    const url = new URL(`/ws/chat/ticket/${this.path}`, location.href.replace(/^http/, 'ws'));
    url.searchParams.set('tab', tab);
    if (this.#epoch) url.searchParams.set('after', `${this.#epoch}:${this.#seq}`);
    const socket = new WebSocket(url, 'hitl.v1');
    this.#socket = socket;
    this.#heard = Date.now();
    socket.onclose = ({ code }) => socket === this.#socket && this.#lost(code);
    socket.onmessage = ({ data }) => socket === this.#socket && this.#receive(JSON.parse(data));
  }

  #receive(envelope) {
    const { event, seq, re } = envelope;
    this.#heard = Date.now();
    this.#unanswered.get(re)?.resolve(envelope);
    this.#unanswered.delete(re);
    if (event === 'welcome') {
      this.link = 'live';
      this.#tries = 0;
      this.#retryAfter = undefined;
      for (const { sent } of this.#unanswered.values()) this.#transmit(sent);
    } else if (event === 'snapshot') this.#reset(envelope);
    else if (event === 'presence_changed') this.presence = envelope.presence;
    else if (event === 'notice') this.onNotice(envelope.content);
    else if (event === 'going_away') this.#retryAfter = envelope.retry_after_ms;
    else if (envelope.epoch && seq === this.#seq + 1) {
      this.#seq = seq;
      this.#fold(envelope);
    } else if (envelope.epoch && seq > this.#seq) this.connect();
    this.onChange();
  }

  #reset({ epoch, seq, presence, ...lists }) {
    for (const kind of ['messages', 'requests', 'turns']) {
      this[kind].clear();
      for (const each of lists[kind]) this.#keep(kind, each, seq);
    }
    this.presence = presence;
    this.#epoch = epoch;
    this.#seq = seq;
    this.#loadHistory(epoch, seq).catch(() => this.onNotice('What was settled earlier could not be loaded.'));
  }

  /** A snapshot tells what is open; settled requests and stopped turns are read from the log. */
  async #loadHistory(epoch, seq) {
    const response = await fetch(`/tickets/${this.path}/timeline?limit=500&after=${Math.max(0, seq - 500)}`);
    const history = await response.json();
    if (history.epoch !== this.#epoch || epoch !== this.#epoch) return;
    for (const each of history.items) this.#fold(each);
    this.onChange();
  }

  #fold({ event, seq, message, hitl, turn, turn_id: id, ...rest }) {
    if (hitl) this.#keep('requests', hitl, seq);
    if (turn) this.#keep('turns', turn, seq);
    if (message) this.#keep('messages', message, seq);
    // A message whose turn has not started waits behind another turn of its session.
    if (message && id && !this.turns.has(id)) this.#keep('turns', { id, status: 'queued' }, seq);
    if (event === 'turn_ended') this.#keep('turns', { id, ...rest }, seq);
  }

  /** The newer of two stays, whichever came first: history arrives after a snapshot that is newer. */
  #keep(kind, thing, seq) {
    if ((this[kind].get(thing.id)?.seq ?? -1) < seq) this[kind].set(thing.id, { ...thing, seq });
  }

  async #lost(code) {
    this.#socket = null;
    this.link = 'off';
    this.onChange();
    // A browser hides why a handshake was refused; the same question over HTTP tells.
    const probe = () => fetch(`/tickets/${this.path}/sessions?limit=1`).then(({ status }) => 4000 + status);
    const why = code === 1006 ? await probe().catch(() => code) : code;
    // Somebody has connected again meanwhile, or left.
    if (this.#socket !== null) return;
    if (isFinal(why)) Object.assign(this, { link: 'end', farewell: why });
    else {
      const wait = (0.5 + Math.random()) * Math.min(500 * 2 ** this.#tries, 15_000);
      this.#timer = setTimeout(() => this.connect(), this.#retryAfter ?? wait);
      this.#tries += 1;
    }
    this.onChange();
  }

  #check() {
    if (this.link !== 'live') return;
    if (Date.now() - this.#heard > silenceMs) this.connect();
    else this.#transmit({ type: 'ping' });
  }

  #transmit(frame) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }
}
