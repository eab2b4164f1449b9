/** Shows text from elsewhere as text: bounded, with hidden signs named, never as markup or a link; everything of a payload goes through here. */
import { useState } from 'react';
import { endsOf, piecesOf } from '../protocol/visible-text';
import { useFold } from './folds';
import { texts } from './texts';

/** Characters shown before the person asks for more. */
export const firstShown = 2_000;
/** How many more with each asking, so that no text can stall the page. */
export const moreShown = 20_000;

/**
 * A text of any length in a frame of bounded size: its beginning, its end, and how much is between them. Whoever approves
 * has to have asked for that (see `folds`).
 * @param first characters shown at first
 */
export function PlainText({ text, first = firstShown }: { text: string; first?: number }) {
  const [asked, setAsked] = useState(first);
  const isAllOpen = useFold(text.length > asked);
  const { head, between, tail } = endsOf(text, isAllOpen ? text.length : asked);
  if (between === 0) return <Signs text={head} />;
  return (
    <>
      <Signs text={head} />…{' '}
      <button
        type="button"
        className="hitl-more"
        onClick={(event) => {
          event.stopPropagation();
          setAsked(asked + moreShown);
        }}
      >
        {texts.showMore(Math.min(between, moreShown), between)}
      </button>{' '}
      …<Signs text={tail} />
    </>
  );
}

/** One line of it; where it gets long its beginning and its end, with how much is not there. */
export function PlainLine({ text, most = 200 }: { text: string; most?: number }) {
  const { head, between, tail } = endsOf(text, most);
  const line = (part: string) => <Signs text={part.replace(/\s+/g, ' ')} />;
  if (between === 0) return line(head);
  return (
    <>
      {line(head)}…<small title={texts.left(between)}>{texts.more(between)}</small>…{line(tail)}
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
