import { randomId, takeTabName } from '../../lib/client/tab-name';

/** A tab's storage, which its browser copies when the tab is duplicated. */
class Storage {
  constructor(readonly items = new Map<string, string>()) {}
  getItem = (key: string) => this.items.get(key) ?? null;
  setItem = (key: string, value: string) => void this.items.set(key, value);
  removeItem = (key: string) => void this.items.delete(key);
  copy = () => new Storage(new Map(this.items));
}

test('a reload retains the name', () => {
  const storage = new Storage();
  const page = new EventTarget();
  const before = takeTabName('/soc/T-1', storage, page);
  page.dispatchEvent(new Event('pagehide'));
  expect(takeTabName('/soc/T-1', storage, new EventTarget()).name).toBe(before.name);
});

test('so does a client that was closed and made again', () => {
  const storage = new Storage();
  const before = takeTabName('/soc/T-1', storage, new EventTarget());
  before.giveBack();
  expect(takeTabName('/soc/T-1', storage, new EventTarget()).name).toBe(before.name);
});

test('a duplicated tab has another name', () => {
  const storage = new Storage();
  const { name } = takeTabName('/soc/T-1', storage, new EventTarget());
  expect(takeTabName('/soc/T-1', storage.copy(), new EventTarget()).name).not.toBe(name);
});

test('two clients of one ticket in a page have different names, and so have two tickets', () => {
  const storage = new Storage();
  const page = new EventTarget();
  const names = ['/soc/T-1', '/soc/T-1', '/soc/T-2'].map((place) => takeTabName(place, storage, page).name);
  expect(new Set(names).size).toBe(3);
});

test('a name that was given back is not put back again by the page', () => {
  const storage = new Storage();
  const page = new EventTarget();
  takeTabName('/soc/T-1', storage, page).giveBack();
  storage.items.clear();
  page.dispatchEvent(new Event('pagehide'));
  expect(storage.items.size).toBe(0);
});

test('without storage, or with a full one, there is a name all the same', () => {
  const full = new Storage();
  full.setItem = () => {
    throw new Error('QuotaExceededError');
  };
  const page = new EventTarget();
  const { name, giveBack } = takeTabName('/soc/T-1', full, page);
  expect(() => {
    page.dispatchEvent(new Event('pagehide'));
    giveBack();
  }).not.toThrow();
  expect([name, takeTabName('/soc/T-1').name]).toEqual([
    expect.stringMatching(/^[0-9a-f]{32}$/),
    expect.stringMatching(/^[0-9a-f]{32}$/),
  ]);
});

test('ids are 128 random bits', () => {
  const ids = Array.from({ length: 1_000 }, randomId);
  expect(new Set(ids).size).toBe(1_000);
  expect(ids.every((id) => /^[0-9a-f]{32}$/.test(id))).toBe(true);
});
