/** What of a payload has no place of its own on a card, and is approved all the same: other fields, whether arguments may be edited, grants and options. */
import type { RequestView } from '../client';
import { PlainText } from './plain-text';
import { subjectOf } from './subject';
import { texts } from './texts';
import { ValueTree } from './value-tree';

/** Nothing where there is nothing else. */
export function RequestPayload({ request }: { request: RequestView }) {
  const { form, rest, editable, offers, options, freeText } = subjectOf(request);
  const isPending = request.status === 'pending';
  // While it is pending the form has options and grants to choose from.
  const listed = isPending ? [] : options;
  const offered = isPending ? [] : offers;
  const words = [
    editable !== undefined && texts.editable(editable),
    freeText !== undefined && texts.takesFreeText(freeText),
    ...offered.map((offer) => `${texts.offered}: ${texts.offer(offer)}`),
  ].filter((each) => typeof each === 'string');
  const hasRest = Object.keys(rest).length > 0;
  if (!hasRest && words.length === 0 && listed.length === 0) return null;
  return (
    <section className="hitl-values" aria-label={texts.alsoPart}>
      <header>
        <h3>{form === 'question' && !hasRest ? texts.details : texts.alsoPart}</h3>
      </header>
      {hasRest && <ValueTree key={request.revision} value={rest} />}
      {(words.length > 0 || listed.length > 0) && (
        <ul className="hitl-facts">
          {words.map((word) => (
            <li key={word}>{word}</li>
          ))}
          {listed.map((option) => (
            <li key={option}>
              {texts.anOption}: <PlainText text={option} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
