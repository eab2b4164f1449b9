/** A card of a request as a page shows it, without a hub; the specs of the parts read what is on it. */
import { act, cleanup, render } from '@testing-library/react';
import type { RequestView } from '../../lib/client';
import { RequestCard } from '../../lib/parts/request-card';
import type { Me } from '../../lib/parts/right-to-answer';
import { settledDesk } from '../../lib/parts/settled-desk';
import { HitlProvider } from '../../lib/react';

export const base: RequestView = {
  id: 'r-1',
  session_id: 's-1',
  ticket_id: 'T-1',
  type: 'tool_approval',
  status: 'pending',
  user_id: 'rita',
  payload: { tool_name: 'block_ip', tool_args: {} },
  revision: 1,
  digest: `sha256:${'0'.repeat(64)}`,
  created_at: new Date().toISOString(),
};

/** Draws it in place of the one before. */
export function show(more: Partial<RequestView>, me: Me = { id: 'ann' }): HTMLElement {
  cleanup();
  const { container } = render(
    <HitlProvider url="/soc">
      <RequestCard desk={settledDesk({ ...base, ...more })} me={me} />
    </HitlProvider>,
  );
  return container;
}

export function press(card: HTMLElement, name: RegExp): void {
  const button = [...card.querySelectorAll('button')].find((each) => name.test(each.textContent ?? ''));
  if (!button) throw new Error(`There is no button ${name}`);
  act(() => button.click());
}

export const approve = (card: HTMLElement) =>
  card.querySelector<HTMLButtonElement>('[data-decide=approved]') as HTMLButtonElement;
export const deny = (card: HTMLElement) =>
  card.querySelector<HTMLButtonElement>('[data-decide=denied]') as HTMLButtonElement;

// What is drawn is looked at at once.
beforeEach(() => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
});
afterEach(() => cleanup());
