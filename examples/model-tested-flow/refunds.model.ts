/** What should happen to a refund, as a machine: the specification that the app is tested by. */
import { setup } from 'xstate';

/** In each stage one person may answer; what the others say changes nothing. */
const stage = (may: string, next: 'finance' | 'approved') => {
  const guard = { type: 'is', params: may } as const;
  return {
    description: `Waits for ${may}.`,
    on: { approve: { guard, target: next }, deny: { guard, target: 'denied' }, wait: 'expired' },
  } as const;
};

export const refundModel = setup({
  types: { events: {} as { type: 'approve' | 'deny'; who: string } | { type: 'wait' } },
  guards: { is: ({ event }, who: string) => 'who' in event && event.who === who },
}).createMachine({
  id: 'refund',
  description: 'Money back for a customer: support has to allow it, then finance, within a day.',
  initial: 'support',
  states: {
    support: stage('sue', 'finance'),
    finance: stage('finn', 'approved'),
    approved: { description: 'Both have said yes: it is paid.' },
    denied: { description: 'One has said no.' },
    expired: { description: 'A day has passed.' },
  },
});
