/** What the agent says beside the payload: title, risk, description, reason and links, marked as its words, so that they cannot pass for what will run; cards and the table of several show it. */
import type { RequestView } from '../client';
import { PlainLine, PlainText } from './plain-text';
import { texts } from './texts';

type Display = NonNullable<RequestView['display']>;

export function DisplayNote({ display }: Pick<RequestView, 'display'>) {
  if (!display || Object.keys(display).length === 0) return null;
  const { title, description, reason, risk, links = [] } = display;
  return (
    <section className="hitl-display" data-risk={risk} aria-label={texts.saidByAgent}>
      <h3>
        {texts.saidByAgent} <Risk risk={risk} />
      </h3>
      {title !== undefined && (
        <p>
          <b>
            <PlainText text={title} />
          </b>
        </p>
      )}
      {description !== undefined && (
        <p>
          <PlainText text={description} />
        </p>
      )}
      {reason !== undefined && (
        <p>
          <small>{texts.why}</small> <PlainText text={reason} />
        </p>
      )}
      {links.length > 0 && (
        <ul>
          {links.map((link, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a link is what stands at its place
            <li key={at}>
              <OutsideLink {...link} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** In one line, for rows. */
export function DisplayLine({ display }: Pick<RequestView, 'display'>) {
  if (display?.title === undefined && display?.risk === undefined) return null;
  return (
    <span className="hitl-display-line">
      <Risk risk={display.risk} />
      {display.title !== undefined && (
        <span title={texts.saidByAgent}>
          <span className="hitl-hidden">{texts.saidByAgent}: </span>“
          <PlainLine text={display.title} most={120} />”
        </span>
      )}
    </span>
  );
}

function Risk({ risk }: Pick<Display, 'risk'>) {
  if (risk === undefined) return null;
  return (
    <span className="hitl-risk" data-risk={risk}>
      {texts.risk(risk)}
    </span>
  );
}

/** Where it leads can be read before it is followed, and the other page learns nothing of this one. */
function OutsideLink({ url, label }: { url: string; label?: string | undefined }) {
  const host = hostOf(url);
  if (host === undefined) return <PlainText text={label === undefined ? url : `${label} (${url})`} />;
  return (
    <a href={url} target="_blank" rel="noopener noreferrer">
      <PlainLine text={label ?? url} /> {label !== undefined && <small>({<PlainLine text={host} />})</small>}
    </a>
  );
}

/** As the browser will read it; nothing for what is no web address. */
function hostOf(url: string): string | undefined {
  const { protocol, host } = URL.canParse(url) ? new URL(url) : {};
  return protocol === 'https:' || protocol === 'http:' ? host : undefined;
}
