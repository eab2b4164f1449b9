import { KnownSessions } from '../../../lib/hub/turns/known-sessions';
import { sessionRecord } from '../../store/records';

describe('The sessions that were spoken in last', () => {
  it('are known as they were stored last, and the longest unused one makes way for another', () => {
    const known = new KnownSessions(2);
    const [a, b, c] = ['a', 'b', 'c'].map((id) => sessionRecord({ id }));
    if (!a || !b || !c) throw new Error('three were made');
    known.remember(a);
    known.remember(b);
    const later = { ...a, lastActiveAt: a.lastActiveAt + 1 };
    known.remember(later);
    known.remember(c);
    expect(['a', 'b', 'c', 'd'].map((id) => known.get(id))).toEqual([later, undefined, c, undefined]);
  });
});
