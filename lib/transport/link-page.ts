/** The page behind a link, as HTML without a script: what is asked, a form to answer it, or how it ended; `link-router` sends it. */
import { createHash } from 'node:crypto';
import { readableJson } from '../protocol/codec';
import type { RequestRecord } from '../protocol/records';

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0 auto; padding: 1.5rem 1rem; max-width: 40rem; overflow-wrap: anywhere; }
h1 { font-size: 1.3rem; line-height: 1.3; }
pre { white-space: pre-wrap; padding: .75rem; border: 1px solid color-mix(in srgb, currentColor 25%, transparent); border-radius: .5rem; }
fieldset { border: 0; margin: 0; padding: 0; }
label { display: block; margin: .75rem 0; }
textarea, input[type=text] { box-sizing: border-box; width: 100%; font: inherit; padding: .5rem; }
button { font: inherit; min-height: 2.75rem; padding: .5rem 1.25rem; margin: 1rem .75rem 0 0; border-radius: .5rem; border: 1px solid; cursor: pointer; }
button[value=approved] { background: #14683a; border-color: #14683a; color: #fff; }
small { opacity: .8; }
`;

/** What Enter in a field presses is the first button of its form: this one, which closes the dialog that there is not. */
const enterDoesNothing = '<button formmethod="dialog" formnovalidate hidden></button>';

/** Nothing but this page's own style may be used, and no other page may frame it. */
export const linkPagePolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ');

/** A page that says one thing. */
export function messagePage(title: string, text: string): string {
  return page(title, `<h1>${escapeHtml(title)}</h1><p>${escapeHtml(text)}</p>`);
}

/** What is asked of this person, with the form to answer. */
export function requestPage(request: RequestRecord, name: string, problem?: string): string {
  const { payload, type, policy } = request;
  const title =
    type === 'question' ? String(payload.question) : `May ${String(payload.tool_name ?? type)} run?`;
  const shown = type === 'question' ? undefined : (payload.tool_args ?? payload);
  const several = (policy.approvals ?? 1) > 1 || policy.stages ? ' Others have to agree as well.' : '';
  return page(
    title,
    `<h1>${escapeHtml(title)}</h1>
${problem === undefined ? '' : `<p role="alert"><strong>${escapeHtml(problem)}</strong></p>`}
<p>Ticket ${escapeHtml(request.ticketId)}, asked by ${escapeHtml(request.userId)}.${several}</p>
${shown === undefined ? '' : `<pre>${escapeHtml(readableJson(shown))}</pre>`}
<form method="post">
${enterDoesNothing}
${type === 'question' ? answerField(payload) : ''}
<label>Comment <textarea name="comment" rows="3" maxlength="4000"></textarea></label>
<button name="status" value="approved">${type === 'question' ? 'Answer' : 'Approve'}</button>
<button name="status" value="denied">${type === 'question' ? 'Decline' : 'Deny'}</button>
</form>
<p><small>You answer as ${escapeHtml(name)}. This link is for you alone and works once.</small></p>`,
  );
}

/** How it ended, said kindly to whoever comes later. */
export function endedPage({ status, respondedBy, reason }: RequestRecord): string {
  const who = respondedBy ? ` by ${respondedBy.displayName}` : '';
  return messagePage(`It is settled: ${status}${who}`, reason ?? 'Nothing is left to do here. Thank you.');
}

function answerField({ options, free_text: freeText }: Record<string, unknown>): string {
  const choices = Array.isArray(options) ? options.map(String) : [];
  if (choices.length === 0 || freeText === true)
    return '<label>Answer <input type="text" name="answer" maxlength="4000"></label>';
  const radios = choices.map(
    (each) =>
      `<label><input type="radio" name="answer" value="${escapeHtml(each)}"> ${escapeHtml(each)}</label>`,
  );
  return `<fieldset>${radios.join('\n')}</fieldset>`;
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><meta name="referrer" content="no-referrer">
<title>${escapeHtml(title.slice(0, 100))}</title><style>${style}</style></head><body><main>
${body}
</main></body></html>`;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (each) => entities[each] ?? each);
}
