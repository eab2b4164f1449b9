/** What the person filled in and did not send, shown where it was: with the request's outcome, or above the form of what the request has become. */
import type { RequestView } from '../client';
import { Copy } from './gone-note';
import { Icon } from './icon';
import type { JsonObject } from './json';
import type { Left } from './stored-draft';
import { texts } from './texts';
import { ValueTree } from './value-tree';

export function NotSent({ left, request }: { left: Left; request: RequestView }) {
  if (left.values.length === 0) return null;
  const isPending = request.status === 'pending';
  return (
    <section className="hitl-not-sent" aria-label={texts.notSentTitle}>
      <p role="status">
        <Icon name="edit" />
        <span>{isPending ? texts.filledInBefore : texts.wasNotSent}</span>
      </p>
      {left.values.map((each, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: two at most, in their order
        <ValueTree key={at} value={each} />
      ))}
      <p>
        {isPending && (
          <button type="button" className="hitl-button" onClick={left.reuse}>
            {texts.useAgain}
          </button>
        )}
        <Copy text={left.values.map(asText).join('\n\n')} />
        <button type="button" className="hitl-more" onClick={left.discard}>
          {texts.discard}
        </button>
      </p>
    </section>
  );
}

/** One text as it is; else as JSON. */
function asText(values: JsonObject): string {
  const [first, ...others] = Object.values(values);
  return typeof first === 'string' && others.length === 0 ? first : JSON.stringify(values, null, 2);
}
