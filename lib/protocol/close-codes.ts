/** The WebSocket close codes the hub uses, with whether the client should reconnect; the connection closes with these. */

/** A close code, what it means, and whether a client should reconnect. */
export interface CloseCode {
  code: number;
  reason: string;
  /** False: do not reconnect, the answer will not change by itself. */
  comeBack: boolean;
}

/** 44xx mirror HTTP and are final; 45xx, 1001, 1011, 1012 and 1013 mean reconnect. */
export const closeCodes = {
  normal: { code: 1000, reason: 'closed', comeBack: false },
  going_away: { code: 1001, reason: 'going away', comeBack: true },
  protocol_error: { code: 1002, reason: 'not the WebSocket protocol', comeBack: false },
  unsupported_data: { code: 1003, reason: 'binary frames are not accepted', comeBack: false },
  invalid_utf8: { code: 1007, reason: 'invalid UTF-8', comeBack: false },
  too_large: { code: 1009, reason: 'frame too large', comeBack: false },
  internal: { code: 1011, reason: 'internal error', comeBack: true },
  restart: { code: 1012, reason: 'service restart', comeBack: true },
  try_again: { code: 1013, reason: 'try again later', comeBack: true },
  bad_request: { code: 4400, reason: 'bad request', comeBack: false },
  session_ended: { code: 4401, reason: 'session ended', comeBack: false },
  forbidden: { code: 4403, reason: 'access withdrawn', comeBack: false },
  not_found: { code: 4404, reason: 'not found', comeBack: false },
  replaced: { code: 4409, reason: 'replaced by the same tab', comeBack: false },
  rate_limited: { code: 4429, reason: 'too many frames or clients', comeBack: false },
  unavailable: { code: 4503, reason: 'unavailable', comeBack: true },
  resync: { code: 4508, reason: 'too slow; reconnect and resume', comeBack: true },
} as const satisfies Record<string, CloseCode>;

export type CloseName = keyof typeof closeCodes;

/**
 * The code a classic client is closed with. Its front end does not reconnect after 1000 and 1001, and reconnects after
 * any other: so what is final becomes 1000, a going away becomes a restart, and the codes of the WebSocket protocol
 * itself stay.
 */
export function classicCloseCode(name: CloseName): number {
  if (name === 'going_away') return closeCodes.restart.code;
  const { code, comeBack } = closeCodes[name];
  return comeBack || code < 4000 ? code : closeCodes.normal.code;
}
