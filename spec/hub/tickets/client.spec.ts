import { assertName, Client, maxNameLength } from '../../../lib/hub/tickets/client';
import { Ears } from '../rig';

const input = { ticketId: 'T-1', user: { id: 'ann' }, sink: new Ears(), now: 1_700_000_000_999 };

describe('A client', () => {
  it('has an id that names ticket, user, tab and second, and is never given twice', () => {
    const client = new Client({ ...input, tabId: 'left' });
    expect(client.clientId).toMatch(/^client_T-1_ann_left_1700000000_[0-9a-f]{16}$/);
    expect(client.getClientId()).toBe(client.clientId);
    const ids = Array.from({ length: 1_000 }, () => new Client(input).clientId);
    expect(new Set(ids).size).toBe(1_000);
  });

  it.each([undefined, ''])('is in the tab default when the tab is %p', (tabId) => {
    expect(new Client({ ...input, ...(tabId !== undefined && { tabId }) }).tabId).toBe('default');
  });

  it('calls a user without a name by the id, and treats a user without groups as a member of none', () => {
    expect(new Client(input).user).toEqual({ id: 'ann', name: 'ann', groups: [] });
    const user = { id: 'ann', name: 'Ann', groups: ['lead'] };
    expect(new Client({ ...input, user }).user).toEqual(user);
  });

  it('has no session until one is attached, and then the last that was', () => {
    const client = new Client(input);
    expect(client.sessionId()).toBeUndefined();
    client.attachSession('s1');
    client.attachSession('s2');
    expect(client.sessionId()).toBe('s2');
  });

  it.each([
    ['an empty ticket', { ticketId: '' }],
    ['a ticket that is too long', { ticketId: 'x'.repeat(maxNameLength + 1) }],
    ['a tab that is too long', { tabId: 'x'.repeat(maxNameLength + 1) }],
    ['a line break in the ticket', { ticketId: 'T\n1' }],
    ['a null character in the tab', { tabId: 'a\u0000' }],
    ['a C1 control character in the tab', { tabId: 'a\u0085' }],
  ])('is refused with %s', (_name, bad) => {
    expect(() => new Client({ ...input, ...bad })).toThrow(expect.objectContaining({ code: 'invalid_id' }));
  });

  it('accepts names of any script up to the limit', () => {
    for (const name of ['x'.repeat(maxNameLength), 'チケット 7', 'a/b?c', ' '])
      expect(assertName(name)).toBe(name);
  });
});
