import { legacyOf } from '../../lib/actors/turn-legacy';

describe('When a turn is over', () => {
  it('what it asked ends, and what is detached stays', () => {
    const asked = [{ id: 'a' }, { id: 'b', detached: true }, { id: 'c', detached: false }];
    expect(legacyOf(asked, [], [])).toEqual({ ending: ['a', 'c'], staying: ['b'] });
  });

  it('what it adopted ends, what it attended stays, each once and what ends does not stay', () => {
    const asked = [{ id: 'a' }, { id: 'b', detached: true }];
    expect(legacyOf(asked, ['d', 'b', 'a'], ['e', 'b', 'd', 'e'])).toEqual({
      ending: ['a', 'd', 'b'],
      staying: ['e'],
    });
  });
});
