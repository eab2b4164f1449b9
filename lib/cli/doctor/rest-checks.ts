/** What plain requests show of a mount: that it is there, who one is, its clock, its version, its console. */
import { subprotocol } from '../../protocol/codec';
import { type Finding, fault, note, ok } from './finding';
import type { Answer, Target } from './target';
import { unreachable } from './unreachable';

const known = subprotocol.replace(/^.*v/, '');
/** Beyond this, countdowns in pages are visibly wrong. */
const maxSkewMs = 30_000;
const isLocal = /^https?:\/\/(?:localhost|127\.|\[::1\])/;

/** Whether anything answers, and whether that is express-hitl. With an answer only where it makes sense to look further. */
export async function checkMount(target: Target): Promise<{ findings: Finding[]; me?: Answer }> {
  let me: Answer;
  try {
    me = await target.get('/hitl/me');
  } catch (error) {
    return {
      findings: [
        fault(
          'reach',
          `${target.base}: ${unreachable(error, target.timeoutMs)[0]}`,
          unreachable(error, target.timeoutMs)[1],
        ),
      ],
    };
  }
  const reached = [
    ok('reach', `${target.base} answers in ${me.tookMs} ms`),
    ...(target.base.startsWith('http:') && !isLocal.test(target.base)
      ? [
          note(
            'tls',
            'this address is not encrypted',
            'cookies and requests can be read on the way: serve it over https',
          ),
        ]
      : []),
  ];
  const wrong = whyNoMount(me, target);
  return wrong
    ? { findings: [...reached, wrong] }
    : { findings: [...reached, ok('mount', 'express-hitl answers at hitl/me')], me };
}

function whyNoMount({ status, headers, json }: Answer, { base }: Target): Finding | undefined {
  const isOurs = json?.user?.id !== undefined || typeof json?.error?.code === 'string';
  const location = headers.get('location');
  if (isOurs && status === 503)
    return fault(
      'mount',
      `express-hitl answers 503 ${json.error.code}: ${json.error.message}`,
      'its log says why: the store did not open, or auth.identify throws or gives no user',
    );
  if (isOurs) return undefined;
  if (location?.startsWith('https:') && base.startsWith('http:'))
    return fault(
      'mount',
      `${status} leads to ${location}`,
      'ask by https://: a WebSocket follows no redirect',
    );
  if (status >= 300 && status < 400)
    return fault(
      'mount',
      `${status} leads to ${location}`,
      "the app's login answers before the mount: give the cookie of somebody who is signed in, --header 'cookie: …'; to a page it should answer 401 instead, since a WebSocket follows no redirect",
    );
  if (status === 401 || status === 403)
    return fault(
      'mount',
      `${status}, not by express-hitl`,
      "something before the mount refuses: give what it wants, --header 'cookie: …' or --header 'authorization: …'",
    );
  if (status === 404)
    return fault(
      'mount',
      `404 at ${base}/hitl/me`,
      "express-hitl is not mounted there: the address is that of app.use('/soc', hitl.router), as in http://localhost:3000/soc; a handler for 404 comes after it",
    );
  if (status >= 502 && status <= 504)
    return fault(
      'mount',
      `${status} by ${headers.get('server') ?? 'a proxy'}`,
      'the proxy does not reach the app: is it started, and is the port right?',
    );
  return fault(
    'mount',
    `${status}, and no JSON of express-hitl`,
    'another app answers there, or a page for every address comes before the mount',
  );
}

export function checkIdentity({ status, json }: Answer): Finding {
  if (status === 200) {
    const { user } = json;
    return ok(
      'identity',
      `signed in as ${user.id}${user.groups?.length ? `, in ${user.groups.join(', ')}` : ''}`,
    );
  }
  return fault(
    'identity',
    `${status} ${json.error.code}: ${json.error.message}`,
    "give what the app knows somebody by, --header 'cookie: sid=…'; if that is right, auth.identify gives nothing for it: does the login run before app.use(hitl.router)?",
  );
}

export function checkInboxTickets({ json }: Answer): Finding[] {
  if (json?.inbox_tickets !== false) return [];
  return [
    note(
      'inbox',
      'the app does not say which tickets are in an inbox',
      "only what names the person or a group of theirs is in it: write auth.inboxTickets: () => 'all'",
    ),
  ];
}

export function checkClock({ headers, tookMs }: Answer): Finding {
  const date = Date.parse(headers.get('date') ?? '');
  if (Number.isNaN(date))
    return note('clock', 'no Date header', 'something removes it; nothing else needs it');
  // The header has whole seconds.
  const skew = Math.round((date + 500 - Date.now()) / 1000);
  if (Math.abs(skew) * 1000 <= maxSkewMs + tookMs)
    return ok('clock', `within ${Math.max(1, Math.abs(skew))} s of this machine`);
  return fault(
    'clock',
    `the server is ${Math.abs(skew)} s ${skew > 0 ? 'ahead' : 'behind'}`,
    'deadlines and links end by its clock: run NTP on both machines',
  );
}

export async function checkVersion(target: Target): Promise<Finding> {
  const answer = await target.get('/openapi.json').catch(() => undefined);
  const version = answer?.json?.info?.version;
  if (typeof version !== 'string')
    return note(
      'version',
      'openapi.json is not served',
      'something answers in its place; only this check needs it',
    );
  if (version === known) return ok('version', `protocol ${version}, as this doctor`);
  return note(
    'version',
    `protocol ${version}, and this doctor knows ${known}`,
    'run the doctor of the version that the app has',
  );
}

export async function checkConsole(target: Target): Promise<Finding> {
  const page = await target.get('/console/', { accept: 'text/html' }).catch(() => undefined);
  if (page?.status === 404 && /console is not built/i.test(page.text))
    return fault('console', page.text.trim(), 'this is a clone or a bundle: do what it says');
  if (page?.status === 404)
    return note('console', '404', 'pages.console is false, or the app answers before the mount');
  if (page?.status !== 200)
    return fault('console', `${page?.status ?? 'no answer'}`, 'the console should be served at console/');
  const [, script] = /<script[^>]+src="([^"]+)"/.exec(page.text) ?? [];
  if (script === undefined)
    return fault(
      'console',
      'another page is served at console/',
      'a page for every address comes before the mount',
    );
  const asset = await target
    .get(`/console/${script.replace(/^\.?\//, '')}`, { accept: '*/*' })
    .catch(() => undefined);
  if (asset?.status !== 200 || !/javascript/.test(asset.headers.get('content-type') ?? ''))
    return fault(
      'console',
      `its script is answered ${asset?.status ?? 'not at all'}`,
      'a proxy or middleware keeps console/assets/ from being served as they are',
    );
  const policy = page.headers.get('content-security-policy');
  if (policy === null)
    return note(
      'console',
      'its Content-Security-Policy is removed on the way',
      'let what stands before the app pass it on',
    );
  return ok('console', `${target.base}/console/`);
}
