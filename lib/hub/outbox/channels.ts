/** The channels of a hub: starts, wakes and stops their couriers, each for itself; the hub has one of these. */
import { HubError } from '../../errors';
import type { Commit } from '../../store/store';
import { assertOptions, name } from '../options/options';
import type { Channel, FailedDelivery } from './channel';
import { Courier, type CourierParts } from './courier';

/** Channels of a hub. */
export const maxChannels = 32;
/** Deliveries that were given up which are looked at. */
const maxFailed = 1_000;
const nameForm = /^[\w-]{1,64}$/;

export interface ChannelsParts extends CourierParts {
  /** Stores it. @throws HubError `storage_failed` */
  commit(commit: Commit): Promise<unknown>;
}

export class Channels {
  private readonly couriers: readonly Courier[];

  /** @throws HubError `invalid_request` for a name that is none, or too many of them @internal */
  constructor(
    channels: Readonly<Record<string, Channel>>,
    private readonly parts: ChannelsParts,
  ) {
    const entries = Object.entries(channels);
    if (entries.length > maxChannels)
      throw new HubError('invalid_request', { message: `There may be ${maxChannels} channels` });
    for (const [name] of entries)
      if (!nameForm.test(name))
        throw new HubError('invalid_request', {
          message: `A channel is named with A-Z a-z 0-9 _ -, not ${name}`,
        });
    this.couriers = entries.map(([name, channel]) => new Courier(name, channel, parts));
  }

  /**
   * Deliveries that were given up, the last one first: the last 1,000 of all channels.
   * @throws HubError `storage_failed`, `invalid_request` without the option `channels`
   */
  async failed(): Promise<readonly FailedDelivery[]> {
    if (this.couriers.length === 0)
      throw new HubError('invalid_request', {
        message:
          'channels is missing among the options of expressHitl: write channels: { mail: { present, settle } }',
      });
    const dead = await this.parts.store.deadDeliveries(maxFailed);
    return dead.map(({ deadAt: failedAt, channel, requestId, event, attempts, error }) => ({
      ...{ channel, requestId, event, attempts, error, failedAt },
    }));
  }

  /**
   * Tries a delivery that was given up again, from the first attempt on; resolves when that is stored.
   * @throws HubError `not_found` for one that is not among `failed`, `storage_failed`, `invalid_request`
   */
  async retry(delivery: { channel: string; requestId: string }): Promise<void> {
    assertOptions('The delivery', delivery, { channel: name, requestId: name });
    const { store, clock, commit } = this.parts;
    const dead = await store.deadDeliveries(maxFailed);
    const given = dead.find(
      ({ channel, requestId }) => channel === delivery.channel && requestId === delivery.requestId,
    );
    const stored = given && (await store.request(given.requestId));
    if (!given || !stored)
      throw new HubError('not_found', { message: 'There is no such delivery among those that failed' });
    const { channel, requestId, event, version } = given;
    const { ticketId } = stored.record;
    await commit({
      ticketId,
      at: clock.now(),
      deliveries: [{ channel, requestId, event, version }],
      envelopes: [],
    });
    this.wake();
  }

  /** Sends what waits, also from before. @internal */
  start(): void {
    for (const courier of this.couriers) courier.start();
  }

  /** A change was committed that may have deliveries. @internal */
  wake(): void {
    for (const courier of this.couriers) courier.wake();
  }

  /** What has not been taken stays for the next start. @internal */
  async stop(): Promise<void> {
    await Promise.all(this.couriers.map((courier) => courier.stop()));
  }
}
