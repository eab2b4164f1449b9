/** Shows text from elsewhere as text: bounded, with hidden signs named, never as markup or a link; everything of a payload goes through here. */
import { useState } from 'react';
import { head, piecesOf } from '../protocol/visible-text';
import { texts } from './texts';

/** Characters shown before somebody asks for more. */
export const firstShown = 2_000;
/** How many more with each asking, so that no text can stall the page. */
export const moreShown = 20_000;

/** A text of any length in a frame of bounded size. @param first characters shown at first */
export function PlainText({ text, first = firstShown }: { text: string; first?: number }) {
  const [most, setMost] = useState(first);
  const shown = head(text, most);
  const rest = text.length - shown.length;
  return (
    <>
      <Signs text={shown} />
      {rest > 0 && (
        <>
          …{' '}
          <button
            type="button"
            className="hitl-more"
            onClick={(event) => {
              event.stopPropagation();
              setMost(most + moreShown);
            }}
          >
            {texts.showMore(Math.min(rest, moreShown), rest)}
          </button>
        </>
      )}
    </>
  );
}

/** One line of it, cut where it gets long; the rest is not there. */
export function PlainLine({ text, most = 200 }: { text: string; most?: number }) {
  const shown = head(text, most);
  return (
    <>
      <Signs text={shown.replace(/\s+/g, ' ')} />
      {shown.length < text.length && '…'}
    </>
  );
}

/** The direction of a text ends with it: what stands beside it keeps its place. */
function Signs({ text }: { text: string }) {
  return (
    <bdi>
      {piecesOf(text).map((piece, at) =>
        'plain' in piece ? (
          piece.plain
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: a piece is what stands at its place
          <mark key={at} className="hitl-sign" title={texts.hiddenSign}>
            {piece.sign}
          </mark>
        ),
      )}
    </bdi>
  );
}
