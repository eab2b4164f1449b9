/** A person, or the agent, as a letter on a colour of their own. */
import { visibleText } from '../protocol/visible-text';

/** How many colours there are; `parts.css` has one class for each. */
const hues = 8;

/** @param id whose colour it is; without one it is the agent's */
export function Face({ name, id }: { name: string; id?: string | undefined }) {
  const hue =
    id === undefined ? 'agent' : [...id].reduce((sum, sign) => sum + (sign.codePointAt(0) ?? 0), 0) % hues;
  const [letter = '?'] = visibleText(name.trim());
  return (
    <span className={`hitl-face hitl-face-${hue}`} aria-hidden="true">
      {letter.toUpperCase()}
    </span>
  );
}
