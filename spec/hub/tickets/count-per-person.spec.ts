/** Counting per person, and that nothing stays of those who have none left. */
import { CountPerPerson } from '../../../lib/hub/tickets/count-per-person';

test('each person is counted by themselves, down to nothing', () => {
  const counts = new CountPerPerson();
  counts.add('ann');
  counts.add('ann');
  counts.add('bob');
  expect([counts.of('ann'), counts.of('bob'), counts.of('cem')]).toEqual([2, 1, 0]);
  counts.remove('ann');
  counts.remove('bob');
  expect([counts.of('ann'), counts.of('bob')]).toEqual([1, 0]);
  counts.remove('bob');
  expect(counts.of('bob')).toBe(0);
  expect([...Reflect.get(counts, 'counts').keys()]).toEqual(['ann']);
});
