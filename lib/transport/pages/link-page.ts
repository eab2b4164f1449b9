/** The page behind a link, as HTML without a script: what is asked, a form to answer it, or how it ended; `link-router` sends it. */
import { createHash } from 'node:crypto';
import { agreementOf, contentOf } from '../../protocol/agreement';
import { type Asked, askedBy, carriesContent, type Offer, wholeSpan } from '../../protocol/asked';
import { audienceOf, stagesOf } from '../../protocol/audience';
import type { Millis, RequestRecord, Stage } from '../../protocol/records';
import { visibleText } from '../../protocol/visible-text';
import { answerForm, hasField, type Typed } from './link-form';
import { escapeHtml, json, text } from './link-text';

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0 auto; padding: 1.5rem 1rem; max-width: 40rem; overflow-wrap: anywhere; }
h1 { font-size: 1.3rem; line-height: 1.3; }
h2 { font-size: 1rem; margin: 1.25rem 0 .25rem; }
h1, .said { white-space: pre-wrap; }
p { margin: .5rem 0; }
ul { margin: .25rem 0; padding-left: 1.25rem; }
pre { margin: .25rem 0; white-space: pre-wrap; padding: .75rem; border: 1px solid color-mix(in srgb, currentColor 25%, transparent); border-radius: .5rem; }
section { border-left: 3px solid color-mix(in srgb, currentColor 25%, transparent); padding-left: .75rem; margin: 1rem 0; }
mark { font: .8em ui-monospace, monospace; padding: 0 .2em; border-radius: .2em; background: #ffd54d; color: #000; }
fieldset { border: 0; margin: 0; padding: 0; }
label { display: block; margin: .75rem 0; }
textarea { box-sizing: border-box; width: 100%; font: inherit; padding: .5rem; }
button { font: inherit; min-height: 2.75rem; padding: .5rem 1.25rem; margin: 1rem .75rem 0 0; border-radius: .5rem; border: 1px solid; cursor: pointer; }
button[value=approved] { background: #14683a; border-color: #14683a; color: #fff; }
small { opacity: .8; }
`;

/** Nothing but this page's own style may be used, and no other page may frame it. */
export const linkPagePolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ');

/** To whom a request is shown, and when. */
export interface Reader {
  id: string;
  name: string;
  /** By the server's clock. */
  now: Millis;
}

/** A page that says one thing. */
export function messagePage(title: string, said: string): string {
  return page(title, `<h1>${text(title)}</h1><p class="said">${text(said)}</p>`);
}

/** What is asked of this person, all of it, with the form to answer. @param problem why what was typed was not taken */
export function requestPage(
  request: RequestRecord,
  reader: Reader,
  problem?: string,
  typed: Typed = {},
): string {
  const asked = askedBy(request);
  const title = titleOf(request, asked);
  const mine = request.verdicts.find(({ by, stage }) => by.userId === reader.id && stage === request.stage);
  return page(
    title,
    [
      `<h1>${text(title)}</h1>`,
      problem !== undefined && `<p role="alert"><strong>${text(problem)}</strong></p>`,
      `<p>Ticket ${text(request.ticketId)}, asked by ${text(request.userId)}.${deadline(request, reader.now)}</p>`,
      request.asker === 'gone' &&
        '<p><strong>Nobody waits for the answer any more:</strong> the program that asked has ended, so an approval may run nothing.</p>',
      displayed(request),
      payload(asked, request),
      rules(request, asked),
      verdicts(request),
      differing(request),
      mine &&
        `<p><strong>Your answer is counted: you ${deeds[mine.status]} this.</strong> Others are still asked, and until then you can change it here.</p>`,
      answerForm(request, asked, typed),
      `<p><small>You answer as ${text(reader.name)}. This link is for you alone and works once.</small></p>`,
    ]
      .filter(Boolean)
      .join('\n'),
  );
}

/** How it ended, for everyone who comes later. */
export function endedPage(request: RequestRecord): string {
  const { status, respondedBy, reason, execution, asker } = request;
  const title = `It is settled: ${status}${respondedBy ? ` by ${respondedBy.displayName}` : ''}`;
  const ran = execution && runs[execution.state];
  const lost =
    status === 'approved' &&
    !execution &&
    asker === 'gone' &&
    'Nothing has run: the program that asked has ended.';
  return page(
    title,
    [
      `<h1>${text(title)}</h1>`,
      `<p class="said">${text(reason ?? 'Nothing is left to do here. Thank you.')}</p>`,
      ran && `<p>${ran}${execution.error === undefined ? '' : ` ${text(execution.error)}`}</p>`,
      lost && `<p>${lost}</p>`,
      request.verdicts.length > 1 && verdicts(request),
    ]
      .filter(Boolean)
      .join('\n'),
  );
}

/** An answer was counted and others are still asked. */
export function countedPage(request: RequestRecord): string {
  const title = 'Thank you';
  return page(
    title,
    `<h1>${title}</h1><p>Your answer is counted. Others are still asked.</p>${differing(request) || ''}`,
  );
}

function titleOf({ type }: RequestRecord, { form, heading }: Asked): string {
  if (form === 'tool') return `May ${heading} run?`;
  return heading ?? `May ${type} be approved?`;
}

/** What the agent says beside the payload; named as such, so that it cannot pass for what will run. */
function displayed({ display }: RequestRecord): string | false {
  if (!display || Object.keys(display).length === 0) return false;
  const { title, description, reason, risk, links = [] } = display;
  return `<section><h2>Said by the agent</h2>${[
    title !== undefined && `<p class="said"><b>${text(title)}</b></p>`,
    risk && `<p>Risk: <b>${text(risk)}</b></p>`,
    description !== undefined && `<p class="said">${text(description)}</p>`,
    reason !== undefined && `<p class="said">Reason: ${text(reason)}</p>`,
    links.length > 0 && `<ul>${links.map((each) => `<li>${link(each)}</li>`).join('')}</ul>`,
  ]
    .filter(Boolean)
    .join('')}</section>`;
}

function link({ url, label }: { url: string; label?: string | undefined }): string {
  const { protocol, host } = URL.canParse(url) ? new URL(url) : {};
  if (host === undefined || (protocol !== 'https:' && protocol !== 'http:'))
    return text(label ? `${label} (${url})` : url);
  const shown = label === undefined ? text(url) : `${text(label)} (${text(host)})`;
  return `<a href="${escapeHtml(url)}" rel="noopener noreferrer" target="_blank">${shown}</a>`;
}

/** Everything that is digested. */
function payload({ form, values, freeText, editable, offers, rest }: Asked, request: RequestRecord): string {
  const isEditable = editable === true && hasField(request, 'tool_args');
  return [
    values && block(form === 'tool' ? 'What will run' : 'What is asked', values),
    freeText !== undefined && `<p>${freeText ? 'An' : 'No'} answer outside the options is taken.</p>`,
    Object.keys(rest).length > 0 && block('Also part of this request', rest),
    editable === true &&
      `<p>The arguments may be edited before they are approved${isEditable ? ', in the console' : ''}; here they are approved as they are.</p>`,
    editable === false && '<p>The arguments may not be edited.</p>',
    offers.length > 0 &&
      `<p>An approval may come with a grant. Approving here gives none of them:</p><ul>${offers
        .map((offer) => `<li>${text(offerInWords(offer))}</li>`)
        .join('')}</ul>`,
  ]
    .filter(Boolean)
    .join('\n');
}

function block(title: string, value: unknown): string {
  return `<h2>${title}</h2><pre>${json(value)}</pre>`;
}

function offerInWords({ scope, args, expires_in_ms: ms, uses }: Offer): string {
  const what = args === 'exact' ? 'this very call' : 'any call of this tool';
  const where = scope === 'ticket' ? 'in this ticket' : 'in every ticket';
  const long = ms === undefined ? '' : `, for ${spanInWords(ms)}`;
  return `${what}, ${where}${long}${uses === undefined ? '' : `, ${uses} times`}`;
}

function spanInWords(ms: number): string {
  const { count, unit } = wholeSpan(ms);
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

function deadline({ expiresAt }: RequestRecord, now: Millis): string {
  if (expiresAt === undefined) return '';
  const left = Math.max(0, Math.ceil((expiresAt - now) / 60_000) * 60_000);
  const at = new Date(expiresAt).toISOString().replace('T', ' ').slice(0, 16);
  return ` It can be answered until ${at} UTC, ${spanInWords(left)} from when this page was opened.`;
}

/** Who has to agree, where that is more than this one person. */
function rules(request: RequestRecord, asked: Asked): string | false {
  const { policy, stage: at, claim } = request;
  const stage: Stage = stagesOf(policy)[at] ?? policy;
  const { approvals = 1, of } = stage;
  const isMajority = policy.denial === 'majority';
  const said = [
    policy.stages &&
      `This is round ${at + 1} of ${policy.stages.length}${stage.name === undefined ? '' : ` (${stage.name})`}.`,
    approvals > 1 &&
      `Others have to agree as well: it takes ${approvals} approvals${isMajority && of ? ` of ${of}` : ''}.`,
    policy.stages && approvals === 1 && policy.stages.length > at + 1 && 'Others have to agree as well.',
    approvals > 1 &&
      carriesContent(asked) &&
      policy.agreement !== 'any' &&
      'They have to say the same: answers that differ leave it open.',
    approvals > 1 && !isMajority && 'One denial denies it.',
    claim &&
      `${claim.by.displayName} is answering this${audienceOf(request).holder !== undefined ? ' and holds it for now' : ''}.`,
  ].filter((each) => typeof each === 'string');
  return said.length > 0 && `<p>${text(said.join(' '))}</p>`;
}

const deeds = { approved: 'approved', denied: 'denied' } as const;
const runs: Readonly<Record<string, string>> = {
  executing: 'It is running.',
  executed: 'It has run.',
  failed: 'It was approved, and failed.',
  unknown: 'It was approved, and nobody can say whether it has run.',
  not_run: 'It was approved, and is not run.',
};

function verdicts({ type, verdicts: all }: RequestRecord): string | false {
  if (all.length === 0) return false;
  const items = all.map(({ by, status, response, comment = response?.comment }) => {
    const content = contentOf(type, response);
    const { answer } = content;
    const hasOnlyAnswer = typeof answer === 'string' && Object.keys(content).length === 1;
    const what = hasOnlyAnswer
      ? `: <span class="said">“${text(answer)}”</span>`
      : Object.keys(content).length > 0
        ? `<pre>${json(content)}</pre>`
        : '';
    const remark = comment === undefined ? '' : ` <span class="said">(${text(comment)})</span>`;
    return `<li>${text(by.displayName)} ${deeds[status]}${what}${remark}</li>`;
  });
  return `<h2>Answers so far</h2><ul>${items.join('')}</ul>`;
}

/** Said where the people who have approved do not agree. */
function differing(request: RequestRecord): string | false {
  return (
    request.status === 'pending' &&
    agreementOf(request).isAtOdds &&
    '<p><strong>The answers so far differ.</strong> It stays open until enough people say the same; everybody may change their own.</p>'
  );
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><meta name="referrer" content="no-referrer">
<title>${escapeHtml(visibleText(title, 100))}</title><style>${style}</style></head><body><main>
${body}
</main></body></html>`;
}
