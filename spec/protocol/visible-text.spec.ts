/** Hidden signs by their names, and long texts by their ends. */
import fc from 'fast-check';
import { endsOf, piecesOf, visibleText } from '../../lib/protocol/visible-text';
import '../seed';

test.each([
  '\u202e',
  '\u2066',
  '\u200b',
  '\u00ad',
  '\ufeff',
  '\u0000',
  '\u001b',
  '\u3164',
  '\u{e0041}',
  '\ud800',
])('The sign %j has a name', (sign) => {
  const code = sign.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0');
  expect(piecesOf(`a${sign}b`)).toEqual([{ plain: 'a' }, { sign: `U+${code}` }, { plain: 'b' }]);
  expect(visibleText(`a${sign}b`)).toBe(`a⟨U+${code}⟩b`);
});

/** Without half a character. */
const isWhole = (text: string) => !/\p{Cs}/u.test(text);

test('Of a long text both ends are there, no character is cut, and what is between is counted', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 80 }),
      fc.integer({ min: 4, max: 60 }),
      (text, most) => {
        const { head, between, tail } = endsOf(text, most);
        expect(head.length + between + tail.length).toBe(text.length);
        expect(text.startsWith(head) && text.endsWith(tail)).toBe(true);
        expect(head.length + tail.length).toBeLessThanOrEqual(
          Math.max(most, text.length > most ? most : text.length),
        );
        expect(between === 0).toBe(text.length <= most);
        expect(isWhole(`${head}|${tail}`)).toBe(isWhole(text));
      },
    ),
  );
});
