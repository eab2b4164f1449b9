/** Why nothing can be approved yet: a part of it is folded; stands at the buttons, with one that shows everything. */
import type { Unseen } from './folds';
import { Icon } from './icon';
import { texts } from './texts';

/** Nothing where everything has been looked at. */
export function UnseenNote({ unseen: { count, openAll } }: { unseen: Unseen }) {
  if (count === 0) return null;
  return (
    <p className="hitl-problem" role="status">
      <Icon name="warning" />
      <span>{texts.unseen(count)}</span>
      <button type="button" className="hitl-button" onClick={openAll}>
        {texts.showAll}
      </button>
    </p>
  );
}
