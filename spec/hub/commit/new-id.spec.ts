/** The ids that the hub gives. */
import { newId } from '../../../lib/hub/commit/new-id';

const noon = Date.UTC(2026, 10, 26, 12);

test('is a UUID of version 7 that contains its time', () => {
  const id = newId(noon);
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(Number.parseInt(id.replace('-', '').slice(0, 12), 16)).toBe(noon);
});

test('stands behind every id of an earlier millisecond, at any time that a clock returns', () => {
  const times = [0, 1, noon, noon + 1.5, 2 ** 48 - 1];
  const ids = times.map(newId);
  expect(ids.toSorted()).toEqual(ids);
  expect(ids.every((id) => id.length === 36)).toBe(true);
});

test('is another one each time within a millisecond', () => {
  expect(new Set(Array.from({ length: 10_000 }, () => newId(noon))).size).toBe(10_000);
});
