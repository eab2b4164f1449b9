/** A channel that posts each delivery to an address, signed as Standard Webhooks says; the app puts it among its `channels`. */
import { createHmac } from 'node:crypto';
import { HubError } from '../errors';
import { type Duration, toMillis } from '../hub/options/duration';
import { assertOptions, callback, duration, type Fields, flag, text } from '../hub/options/options';
import { type Channel, type Delivery, DeliveryRefused, viewOf } from '../hub/outbox/channel';
import { encodeWebhook } from '../protocol/codec';

export interface WebhookOptions {
  /** Where to post to; https. */
  url: string;
  /** What both sides know: `whsec_` and base64 of 24 to 64 bytes. */
  secret: string;
  /** How long an answer may take; at most 30 seconds. Default `'10s'`. */
  timeout?: Duration;
  /** Lets `url` be http, for tests and for the same machine. Default false. */
  allowHttp?: boolean;
  /** In place of the global `fetch`: to go through a proxy, or to refuse addresses. */
  fetch?: typeof fetch;
}

const fields: Fields = { url: text, secret: text, timeout: duration, allowHttp: flag, fetch: callback };
const prefix = 'whsec_';
/** Of the courier's own limit for a try. */
const longestTimeoutMs = 30_000;

/**
 * A channel that posts `{type, timestamp, data: {hitl}}`, `type` being `hitl_request.present`, `.update` or `.settle`, with
 * the headers `webhook-id` (the delivery's id), `webhook-timestamp` and `webhook-signature` (HMAC-SHA-256, `v1`).
 * Any 2xx is taken for delivered; 410 gives the delivery up; a redirect is not followed and, like all else, tried again.
 * @throws HubError `invalid_request` for options that cannot be
 */
export function webhookChannel(options: WebhookOptions): Channel {
  assertOptions('webhookChannel', options, fields);
  const { url, allowHttp = false, fetch: send = fetch } = options;
  assertAddress(url, allowHttp);
  const key = keyOf(options.secret);
  const timeoutMs = toMillis(options.timeout ?? '10s');
  if (timeoutMs > longestTimeoutMs)
    throw new HubError('invalid_request', { message: 'The timeout of a webhook is at most 30s' });
  const post = async (event: 'present' | 'update' | 'settle', delivery: Delivery): Promise<void> => {
    const { id, signal } = delivery;
    // The receiver compares it with its own clock, so it is the time of this very try, whatever clock the hub has.
    const now = Date.now();
    const body = encodeWebhook(event, now, viewOf(delivery, now));
    const timestamp = String(Math.floor(now / 1_000));
    const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
    const response = await send(url, {
      method: 'POST',
      redirect: 'error',
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': `v1,${signature}`,
      },
      body,
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    // The status says it all; an unread body would hold the connection.
    await response.body?.cancel();
    if (response.status === 410) throw new DeliveryRefused('The webhook was answered with 410');
    if (!response.ok)
      throw new HubError('unavailable', { message: `The webhook was answered with ${response.status}` });
  };
  return {
    present: (delivery) => post('present', delivery),
    update: (delivery) => post('update', delivery),
    settle: (delivery) => post('settle', delivery),
  };
}

function assertAddress(url: string, allowHttp: boolean): void {
  const { protocol, username, password } = URL.canParse(url) ? new URL(url) : {};
  if (protocol !== 'https:' && !(allowHttp && protocol === 'http:'))
    throw new HubError('invalid_request', { message: 'The url of a webhook is an https address' });
  if (username || password)
    throw new HubError('invalid_request', {
      message: 'The url of a webhook names no user; its secret signs',
    });
}

function keyOf(secret: string): Buffer {
  const text = secret.startsWith(prefix) ? secret.slice(prefix.length) : '';
  const key = Buffer.from(text, 'base64');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text) || key.length < 24 || key.length > 64)
    throw new HubError('invalid_request', {
      message: 'The secret of a webhook is whsec_ and base64 of 24 to 64 bytes',
    });
  return key;
}
