import { Broadcast, isLogged, type Outbound } from '../../../lib/hub/tickets/broadcast';

describe('A broadcast', () => {
  it('is encoded once per dialect, however many clients ask', () => {
    const broadcast = new Broadcast([{ raw: 'a' }]);
    const encode = jest.fn(() => ['encoded']);
    const first = broadcast.encoded('hitl.v1', encode);
    expect(broadcast.encoded('hitl.v1', encode)).toBe(first);
    expect(encode).toHaveBeenCalledTimes(1);
    expect(encode).toHaveBeenCalledWith(broadcast.outbounds);
    broadcast.encoded('classic', encode);
    expect(encode).toHaveBeenCalledTimes(2);
  });

  it('distinguishes what the log contains from what it does not', () => {
    expect(isLogged({ raw: '{"seq":1}' })).toBe(false);
    const presence: Outbound = { event: 'presence_changed', timestamp: '', ticket_id: 'T', presence: [] };
    expect(isLogged(presence)).toBe(false);
  });
});
