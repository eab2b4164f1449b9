import { clearDesk, Desks, maxDesks } from '../../lib/react/desks';

test('of more requests than are stored, the one longest untouched is forgotten', () => {
  const desks = new Desks();
  for (let id = 0; id < maxDesks; id += 1) desks.edit(`${id}`, 1, { comment: `of ${id}` });
  desks.edit('0', 1, { answer: 'yes' });
  desks.edit('one more', 1, { comment: 'new' });
  expect(desks.get('1')).toBe(clearDesk);
  expect(desks.draft('0', 1)).toEqual({ comment: 'of 0', answer: 'yes' });
  expect(desks.draft('2', 1)).toEqual({ comment: 'of 2' });
});

test('a new revision has the comment of the draft and nothing else, until it is filled in', () => {
  const desks = new Desks();
  desks.edit('r', 1, { comment: 'fine', tool_args: { ip: 'old' } });
  expect(desks.draft('r', 2)).toEqual({ comment: 'fine' });
  // The same object, so that nothing renders for it.
  expect(desks.draft('r', 2)).toBe(desks.draft('r', 2));
  desks.edit('r', 2, { tool_args: { ip: 'new' } });
  expect(desks.draft('r', 2)).toEqual({ comment: 'fine', tool_args: { ip: 'new' } });
  desks.edit('r', 2, { comment: undefined });
  expect(desks.draft('r', 2)).toEqual({ tool_args: { ip: 'new' } });
  expect(desks.draft('r', 3)).toEqual({});
});

test('what was filled in for another revision is unsent until it is discarded, whatever is filled in since', () => {
  const desks = new Desks();
  desks.edit('r', 1, { comment: 'fine', answer: 'yes' });
  expect(desks.unsent('r', 1)).toBeUndefined();
  const unsent = { response: { answer: 'yes' }, revision: 1 };
  expect(desks.unsent('r', 2)).toEqual(unsent);
  expect(desks.unsent('r', 2)).toBe(desks.unsent('r', 2));
  desks.edit('r', 2, { answer: 'no' });
  expect([desks.draft('r', 2), desks.unsent('r', 2)]).toEqual([{ comment: 'fine', answer: 'no' }, unsent]);
  desks.discard('r', 2);
  expect([desks.draft('r', 2), desks.unsent('r', 2)]).toEqual([{ comment: 'fine', answer: 'no' }, undefined]);
});

test('what was sent is cleared, and what was changed in the meantime stays', () => {
  const desks = new Desks();
  const sent = { comment: 'fine', tool_args: { ip: 'a' } };
  desks.edit('r', 1, sent);
  desks.edit('r', 1, { comment: 'fine, but' });
  desks.clear('r', sent);
  expect(desks.draft('r', 1)).toEqual({ comment: 'fine, but' });
});

test('a listener is called at once, and not any more after it unsubscribes', () => {
  const desks = new Desks();
  const told: string[] = [];
  const end = desks.on(() => told.push('told'));
  desks.edit('r', 1, { comment: 'a' });
  expect(told).toEqual(['told']);
  end();
  desks.edit('r', 1, { comment: 'ab' });
  expect(told).toEqual(['told']);
});
