/** What a line of a ticket says about its author. */
import { render } from '@testing-library/react';
import type { MessageView } from '../../lib/client';
import { MessageRow } from '../../lib/parts/message-row';
import { HitlProvider } from '../../lib/react';

const at = '2026-02-03T10:00:00.000Z';
const said = (more: Partial<MessageView>) => {
  const message: MessageView = {
    id: 'm',
    session_id: 's',
    type: 'trace',
    content: 'Back',
    created_at: at,
    ...more,
  };
  const { container } = render(
    <HitlProvider url="/soc">
      <MessageRow message={message} agentName="Warden" isContinued={false} />
    </HitlProvider>,
  );
  return container.querySelector('p')?.textContent;
};

test('A step of the agent stands for itself; a remark from outside names its author, visibly', () => {
  expect(said({})).toBe('Back');
  expect(said({ author: { user_id: 'system', display_name: 'System' } })).toBe('System: Back');
  expect(said({ author: { user_id: 'x', display_name: 'Ops\u202e' } })).toBe('OpsU+202E: Back');
});

test('What grows is marked, so that it has a caret and screen readers wait for its end', () => {
  const marks = (more: Partial<MessageView>) => {
    const { container } = render(
      <HitlProvider url="/soc">
        <MessageRow
          message={{ id: 'm', session_id: 's', type: 'response', content: 'so ', created_at: at, ...more }}
          agentName="Warden"
          isContinued={false}
        />
      </HitlProvider>,
    );
    return container.querySelectorAll('[data-streaming="true"][aria-busy="true"]').length;
  };
  expect([marks({ is_streaming: true }), marks({ type: 'trace', is_streaming: true }), marks({})]).toEqual([
    1, 1, 0,
  ]);
});
