/** Why no answer came at all, in words; the check of the connection asks. */

const advice: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there: start the app, and check host and port',
  ECONNRESET: 'the connection was cut: is this a port of TLS? Then write https://',
  UND_ERR_SOCKET: 'the connection was cut: is this a port of TLS? Then write https://',
  ENOTFOUND: 'the name leads nowhere: check how the host is written',
  EAI_AGAIN: 'the name could not be looked up: is there a network?',
  ETIMEDOUT: 'no answer came: does a firewall stop it?',
  EHOSTUNREACH: 'there is no way to this host: is it in another network?',
  ERR_SSL_WRONG_VERSION_NUMBER:
    'this port speaks no TLS: write http://, or the port of the proxy that has the certificate',
  ERR_SSL_PACKET_LENGTH_TOO_LONG:
    'this port speaks no TLS: write http://, or the port of the proxy that has the certificate',
  EPROTO: 'this port speaks no TLS: write http://, or the port of the proxy that has the certificate',
  CERT_HAS_EXPIRED: 'the certificate has expired: renew it',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is of another name: ask by that, or get one for this',
};
const untrusted =
  'the certificate is not trusted here: for one of your own, set NODE_EXTRA_CA_CERTS to the file of its authority; else send the whole chain';

/** @returns what happened, and what to do */
export function unreachable(thrown: unknown, timeoutMs: number): [found: string, advice: string] {
  const { cause = thrown } = thrown as { cause?: unknown };
  const { code = '', name, message } = cause as { code?: string; name?: string; message?: string };
  if (name === 'TimeoutError')
    return [
      `no answer within ${timeoutMs} ms`,
      'does middleware before the mount neither answer nor call next()? Does auth.identify come to an end?',
    ];
  const isUntrusted = /SELF_SIGNED|UNABLE_TO|CERT_UNTRUSTED/.test(code);
  return [code || message || String(cause), advice[code] ?? (isUntrusted ? untrusted : 'check the address')];
}
