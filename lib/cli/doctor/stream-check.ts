/** What stands in for a WebSocket where none gets through, server-sent events and POST, looked at as a client uses it. */
import { type Finding, fault, note, ok } from './finding';
import { jsonOf, type Target } from './target';
import { unreachable } from './unreachable';

const path = '/ws/inbox';
const unbuffered =
  'something on the way holds events back; for nginx: proxy_buffering off; and no compression of text/event-stream';

export async function checkStream(target: Target): Promise<Finding> {
  const { base, headers, origin, timeoutMs } = target;
  const ended = new AbortController();
  const timer = setTimeout(() => ended.abort(new DOMException('', 'TimeoutError')), timeoutMs);
  try {
    const res = await fetch(base + path, {
      redirect: 'manual',
      signal: ended.signal,
      headers: { ...headers, origin, accept: 'text/event-stream' },
    });
    const type = res.headers.get('content-type') ?? 'no type';
    if (res.status !== 200) return refused(res.status, await res.text());
    if (!type.startsWith('text/event-stream'))
      return fault(
        'stream',
        `server-sent events are answered with ${type}`,
        'something answers in place of the hub',
      );
    const encoding = res.headers.get('content-encoding');
    if (encoding !== null)
      return fault(
        'stream',
        `events are compressed (${encoding})`,
        `what compresses holds them back: ${unbuffered}`,
      );
    return await follow(target, res, ended);
  } catch (error) {
    if (ended.signal.aborted)
      return fault('stream', `no event within ${timeoutMs} ms, where the first comes at once`, unbuffered);
    const [found, advice] = unreachable(error, timeoutMs);
    return fault('stream', found, advice);
  } finally {
    clearTimeout(timer);
    ended.abort();
  }
}

/** Waits for the first event, sends a ping by POST, and waits for its answer in the stream. */
async function follow(
  { base, headers, origin }: Target,
  res: Response,
  ended: AbortController,
): Promise<Finding> {
  let text = '';
  let hasSent = false;
  const reader = res.body?.getReader();
  for (let read = await reader?.read(); read?.value; read = await reader?.read()) {
    text += Buffer.from(read.value).toString();
    const [, clientId] = /"client_id":"([^"]+)"/.exec(text) ?? [];
    if (clientId !== undefined && !hasSent) {
      hasSent = true;
      const posted = await fetch(`${base}${path}?client_id=${encodeURIComponent(clientId)}`, {
        method: 'POST',
        headers: { ...headers, origin, 'content-type': 'application/json' },
        body: '{"type":"ping"}',
        signal: ended.signal,
      });
      if (posted.status !== 204)
        return fault(
          'stream',
          `its frames are answered ${posted.status}`,
          'POST does not get to the hub: CSRF protection, a parser, or a proxy',
        );
    }
    if (/"event":"pong"/.test(text))
      return ok('stream', 'server-sent events come at once, and POST gets through');
  }
  return fault(
    'stream',
    'the stream ends by itself',
    'something cuts it: a proxy with a short limit, or middleware with a timeout',
  );
}

function refused(status: number, text: string): Finding {
  const code = jsonOf(text)?.error?.code;
  if (code === 'authentication_required')
    return note('stream', '401, as everything', 'say who you are with --header');
  return fault(
    'stream',
    `server-sent events are answered ${status} ${code ?? ''}`,
    'where no WebSocket gets through, pages have no other way',
  );
}
