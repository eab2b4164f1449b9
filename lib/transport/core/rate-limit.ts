/** The rate limit: how many frames a connection and a user may send; the frames of every socket are counted here before they are read. */
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { HubError } from '../../errors';
import { type Duration, toMillis } from '../../hub/options/duration';

export interface FrameLimits {
  /** Frames of one connection in `per`. Default 300. */
  perConnection?: number | undefined;
  /** Frames of all connections of one user in `per`. Default 600. */
  perUser?: number | undefined;
  /** Default `'10s'`. */
  per?: Duration | undefined;
}

/** A frame over the limit is refused; a connection that reaches this many times the limit is closed. */
export const closeAt = 2;

export class RateLimit {
  private readonly connections: RateLimiterMemory;
  private readonly users: RateLimiterMemory;

  /** @throws HubError `invalid_request` for limits that are none */
  constructor(options: FrameLimits = {}) {
    const { perConnection = 300, perUser = 600, per = '10s' } = options;
    if (![perConnection, perUser].every((limit) => Number.isInteger(limit) && limit > 0)) {
      throw new HubError('invalid_request', { message: 'Rate limits are whole numbers of frames' });
    }
    const duration = toMillis(per) / 1000;
    this.connections = new RateLimiterMemory({
      keyPrefix: 'connection',
      points: perConnection,
      duration,
    });
    this.users = new RateLimiterMemory({ keyPrefix: 'user', points: perUser, duration });
  }

  /**
   * Counts one frame.
   * @throws HubError `rate_limited`; its details are `retry_after_ms`, and `final` if the connection is to be closed
   */
  async count(clientId: string, userId: string): Promise<void> {
    await consume(this.connections, clientId);
    await consume(this.users, userId);
  }
}

async function consume(limiter: RateLimiterMemory, key: string): Promise<void> {
  try {
    await limiter.consume(key);
  } catch (thrown) {
    if (!(thrown instanceof RateLimiterRes)) throw thrown;
    const final = thrown.consumedPoints > closeAt * limiter.points;
    throw new HubError('rate_limited', {
      details: {
        retry_after_ms: thrown.msBeforeNext,
        ...(final && { final }),
      },
    });
  }
}
