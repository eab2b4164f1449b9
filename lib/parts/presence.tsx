/** Who is in a ticket, as faces; and who is writing, in a line. */
import type { Member } from '../client';
import { visibleText } from '../protocol/visible-text';
import type { Person } from '../react';
import { Face } from './face';
import { texts } from './texts';

const facesShown = 5;

export function Presence({ members }: { members: readonly Member[] }) {
  const rest = members.length - facesShown;
  return (
    <ul className="hitl-presence" aria-label={texts.presence}>
      {members.slice(0, rest === 1 ? facesShown + 1 : facesShown).map(({ user }) => (
        <li key={user.id} title={visibleText(user.name, 100)}>
          <Face name={user.name} id={user.id} />
          <span className="hitl-hidden">{visibleText(user.name, 100)}</span>
        </li>
      ))}
      {rest > 1 && <li className="hitl-soft">{texts.more(rest)}</li>}
    </ul>
  );
}

/** Always there, so that its place does not jump and a screen reader hears of changes. */
export function TypingLine({ people }: { people: readonly Person[] }) {
  const names = people.map(({ name }) => visibleText(name, 40));
  return (
    <p className="hitl-typing" role="status">
      {names.length > 0 && (
        <>
          <span className="hitl-typing-dots" aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
          {texts.typing(names)}
        </>
      )}
    </p>
  );
}
