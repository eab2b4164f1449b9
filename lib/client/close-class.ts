/** Whether to reconnect after a close code; unknown ones go by their range, since codes may be added. */
import { closeCodes } from '../protocol/close-codes';

const known: ReadonlyMap<number, boolean> = new Map(
  Object.values(closeCodes).map(({ code, comeBack }) => [code, comeBack]),
);

/** False: the same handshake would end the same way, do not reconnect. */
export function comesBack(code: number): boolean {
  return known.get(code) ?? !(code >= 4400 && code <= 4499);
}
