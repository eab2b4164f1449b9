/** The form on the page behind a link: options, answer, comment and the two buttons; `link-page` shows it. */
import { type Asked, takesFreeText } from '../../protocol/asked';
import type { RequestRecord } from '../../protocol/records';
import { escapeHtml, text } from './link-text';

/** What the person has filled in; shown again where it could not be accepted. */
export interface Typed {
  comment?: string | undefined;
  /** The option that was chosen; '' for an answer of their own. */
  answer?: string | undefined;
  /** An answer of their own, where there are options as well. */
  other?: string | undefined;
}

/** The form with what was typed in it; without Approve where an approval has to say more than it takes. */
export function answerForm(request: RequestRecord, asked: Asked, typed: Typed): string {
  const isQuestion = asked.form === 'question';
  const missing = isQuestion ? [] : needed(request);
  const canApprove = missing.length === 0;
  return [
    '<form method="post">',
    // What Enter in a field presses is the first button, and that of a dialog does nothing outside one: only the two decide.
    '<button formmethod="dialog" hidden></button>',
    isQuestion && answerField(asked, typed),
    `<label>Comment <textarea name="comment" rows="3" maxlength="4000">${escapeHtml(lineFeed(typed.comment))}</textarea></label>`,
    !canApprove &&
      `<p><strong>It cannot be approved here:</strong> an approval has to say more than this page can take (${text(missing.join(', '))}). Open it in the console to approve it. It can be denied here.</p>`,
    canApprove && `<button name="status" value="approved">${isQuestion ? 'Answer' : 'Approve'}</button>`,
    `<button name="status" value="denied">${isQuestion ? 'Decline' : 'Deny'}</button>`,
    '</form>',
  ]
    .filter(Boolean)
    .join('\n');
}

/** Fields that an approval has to carry and this page has no place for. */
function needed({ responseSchema }: RequestRecord): string[] {
  const { required, anyOf, oneOf, allOf } = responseSchema ?? {};
  const names = Array.isArray(required) ? required.map(String).filter((name) => name !== 'comment') : [];
  // Of a schema in alternatives it is not certain that a comment alone will do.
  return names.length === 0 && (anyOf ?? oneOf ?? allOf) ? ['one of several forms'] : names;
}

/** Whether an approval may carry this field. */
export function hasField({ responseSchema }: RequestRecord, name: string): boolean {
  const { properties } = responseSchema ?? {};
  return typeof properties === 'object' && properties !== null && name in properties;
}

/** The options, and a text where the question takes one. */
function answerField(asked: Asked, { answer, other }: Typed): string {
  const { options } = asked;
  const area = (name: string, label: string, value: string | undefined) =>
    `<label>${label} <textarea name="${name}" rows="2" maxlength="4000">${escapeHtml(lineFeed(value))}</textarea></label>`;
  if (options.length === 0) return area('answer', 'Answer', answer);
  const radio = (value: string, label: string) =>
    `<label><input type="radio" name="answer" value="${escapeHtml(value)}"${value === answer ? ' checked' : ''}> ${label}</label>`;
  const own = takesFreeText(asked);
  return `<fieldset>${[
    ...options.map((each) => radio(each, `<span class="said">${text(each)}</span>`)),
    ...(own ? [radio('', 'Something else:'), area('other', 'Your own answer', other)] : []),
  ].join('\n')}</fieldset>`;
}

/** The parser of HTML drops the first line break of a text field, so one more is put before it. */
function lineFeed(value = ''): string {
  return value.startsWith('\n') ? `\n${value}` : value;
}
