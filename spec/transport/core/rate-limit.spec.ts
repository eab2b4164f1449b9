import { HubError } from '../../../lib/errors';
import { closeAt, RateLimit } from '../../../lib/transport/core/rate-limit';

describe('the number of frames', () => {
  const codes = async (limit: RateLimit, frames: [client: string, user: string][]) => {
    const results: unknown[] = [];
    for (const [client, user] of frames) {
      results.push(
        await limit.count(client, user).then(
          () => 'counted',
          ({ code, details }: HubError<'rate_limited'>) => (details.final ? `${code} final` : code),
        ),
      );
    }
    return results;
  };
  const times = (n: number, client: string, user: string) =>
    Array.from({ length: n }, (): [string, string] => [client, user]);

  it('is bounded per connection, and one that goes on regardless is to be closed', async () => {
    const limit = new RateLimit({ perConnection: 3, perUser: 100, per: '1h' });
    expect(await codes(limit, times(3 * closeAt + 1, 'c1', 'ann'))).toEqual([
      ...Array(3).fill('counted'),
      ...Array(3 * closeAt - 3).fill('rate_limited'),
      'rate_limited final',
    ]);
    expect(await codes(limit, times(1, 'c2', 'ann'))).toEqual(['counted']);
  });

  it('is bounded per user over all connections, and leaves other users alone', async () => {
    const limit = new RateLimit({ perConnection: 3, perUser: 4, per: '1h' });
    await codes(limit, times(3, 'c1', 'ann'));
    expect(await codes(limit, times(2, 'c2', 'ann'))).toEqual(['counted', 'rate_limited']);
    expect(await codes(limit, times(1, 'c3', 'bob'))).toEqual(['counted']);
  });

  it('says when to go on', async () => {
    const limit = new RateLimit({ perConnection: 1, per: '1h' });
    await limit.count('c1', 'ann');
    const refused = await limit.count('c1', 'ann').catch((error: HubError) => error);
    expect(refused).toMatchObject({ code: 'rate_limited', status: 429 });
    const wait = HubError.is(refused, 'rate_limited') ? Number(refused.details.retry_after_ms) : 0;
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(3_600_000);
  });

  it.each([{ perConnection: 0 }, { perUser: 1.5 }, { per: 0 }])('cannot be %j', (options) => {
    expect(() => new RateLimit(options)).toThrow(HubError);
  });
});
