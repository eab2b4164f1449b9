import fc from 'fast-check';
import '../../seed';
import { StreamText } from '../../../lib/hub/turns/stream-text';

/** All that comes of these pieces, and whether all of it had room. */
function written(pieces: readonly string[], most = 1_000_000): { text: string; fits: boolean } {
  const text = new StreamText(most);
  const fits = pieces.map((piece) => text.append(piece)).every(Boolean) && text.close();
  text.take();
  return { text: text.taken, fits };
}

test('however a text is cut, the same text comes of it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.array(fc.nat(100)), (whole, cuts) => {
      const places = [...new Set([0, ...cuts.map((cut) => Math.min(cut, whole.length)), whole.length])].sort(
        (a, b) => a - b,
      );
      const pieces = places.slice(1).map((end, at) => whole.slice(places[at], end));
      expect(written(pieces)).toEqual({ text: whole, fits: true });
    }),
  );
});

test('whatever is written, no half of a character and no more bytes than allowed come of it', () => {
  const units = fc.array(fc.string({ unit: fc.constantFrom('a', 'ä', '€', '😀', '\ud83d', '\ude00') }));
  fc.assert(
    fc.property(units, fc.nat(40), (pieces, most) => {
      const { text, fits } = written(pieces, most);
      expect(text).not.toMatch(/\p{Surrogate}/u);
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(most);
      const all = written(pieces).text;
      expect(all.startsWith(text)).toBe(true);
      expect(fits).toBe(text === all);
    }),
  );
});

test('what is taken is taken once, and half of a character not before its other half', () => {
  const text = new StreamText(100);
  text.append('a\ud83d');
  expect([text.take(), text.take(), text.length]).toEqual(['a', '', 1]);
  text.append('\ude00');
  expect([text.take(), text.taken, text.length]).toEqual(['😀', 'a😀', 3]);
});
