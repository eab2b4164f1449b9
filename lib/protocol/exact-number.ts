/** Whether a number written in decimal has the same value after conversion to a double; every reader of numbers calls it. */

/** A number as JSON writes it (RFC 8259 §6). */
const jsonNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** Whether `source`, a JSON number, means the same before and after: `1.0` and `1e3` do, 2^53 + 1, `1e400` and 25 digits do not. */
export function isExact(source: string): boolean {
  const value = Number(source);
  if (!Number.isFinite(value)) return false;
  const written = String(value);
  // Most numbers are written like this.
  return written === source || (jsonNumber.test(source) && decimalOf(source) === decimalOf(written));
}

/** Digits and exponent without zeros at either end, so that equal values give equal texts; zero has no sign. */
function decimalOf(source: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(source) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const kept = digits.replace(/0+$/, '');
  if (kept === '') return '0';
  return `${sign}${kept}e${Number(exponent) - fraction.length + digits.length - kept.length}`;
}
