import { Drafts, maxDrafts, maxStored } from '../../lib/parts/drafts';

/** Drafts of this person, and what is stored of them. */
function opened(stored?: string) {
  const drafts = new Drafts();
  const last: (string | undefined)[] = [];
  drafts.open('alice', stored, (text) => void last.push(text));
  return { drafts, stored: () => last.at(-1) };
}

test('what is put is stored, and read again', () => {
  const { drafts, stored } = opened();
  drafts.put('message T-1', 'hello');
  drafts.put('request r', [{ response: { comment: 'fine' } }]);
  const again = opened(stored()).drafts;
  expect([again.get('message T-1'), again.get('request r')]).toEqual([
    'hello',
    [{ response: { comment: 'fine' } }],
  ]);
  drafts.put('message T-1', undefined);
  drafts.put('request r', undefined);
  expect(stored()).toBeUndefined();
});

test('of more drafts than are stored, the one untouched longest is forgotten', () => {
  const { drafts } = opened();
  for (let at = 0; at < maxDrafts; at += 1) drafts.put(`${at}`, 'text');
  drafts.put('0', 'touched');
  drafts.put('one more', 'text');
  expect([drafts.get('0'), drafts.get('1'), drafts.get('2')]).toEqual(['touched', undefined, 'text']);
});

test('no more than so many characters are stored, the newest first; all stay in the page', () => {
  const { drafts, stored } = opened();
  drafts.put('small', 'text');
  drafts.put('large', 'x'.repeat(maxStored));
  expect(JSON.parse(stored() ?? '')).toEqual([['small', 'text']]);
  drafts.put('half', 'x'.repeat(maxStored - 20));
  expect(JSON.parse(stored() ?? '').map(([name]: string[]) => name)).toEqual(['half']);
  expect(drafts.get('large')).toHaveLength(maxStored);
});

test.each(['', 'nonsense', '{}', '[1, null, [2, "x"], ["a"]]'])(
  'what is stored as %j is no draft',
  (stored) => {
    expect(opened(stored).drafts.get('a')).toBeUndefined();
  },
);

test('what was written before it was known whose it is goes before what was stored', () => {
  const drafts = new Drafts();
  drafts.put('a', 'now');
  drafts.open('alice', '[["a","then"],["b","then"]]', () => {});
  expect([drafts.get('a'), drafts.get('b')]).toEqual(['now', 'then']);
});

test('another user sees nothing of it', () => {
  const { drafts } = opened('[["a","of Alice"]]');
  drafts.open('bob', undefined, () => {});
  expect(drafts.get('a')).toBeUndefined();
});

test('each is filled in again once', () => {
  const { drafts } = opened();
  expect([drafts.take('r'), drafts.take('r')]).toEqual([true, false]);
});
