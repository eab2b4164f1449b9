/** The channels of a hub: starts, wakes and stops their couriers, each for itself; the hub has one of these. */
import { HubError } from '../../errors';
import type { DeadDelivery } from '../../store/store';
import type { Channel } from './channel';
import { Courier, type CourierParts } from './courier';

/** Channels of a hub. */
export const maxChannels = 32;
const nameForm = /^[\w-]{1,64}$/;

export class Channels {
  private readonly couriers: readonly Courier[];

  /** @throws HubError `invalid_request` for a name that is none, or too many of them */
  constructor(
    channels: Readonly<Record<string, Channel>>,
    private readonly parts: CourierParts,
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
  async failed(): Promise<readonly DeadDelivery[]> {
    if (this.couriers.length === 0)
      throw new HubError('invalid_request', {
        message:
          'channels is missing among the options of expressHitl: write channels: { mail: { present, settle } }',
      });
    return this.parts.store.deadDeliveries(1_000);
  }

  /** Sends what waits, also from before. */
  start(): void {
    for (const courier of this.couriers) courier.start();
  }

  /** Something was kept that may have to be told. */
  wake(): void {
    for (const courier of this.couriers) courier.wake();
  }

  /** What has not been taken stays for the next start. */
  async stop(): Promise<void> {
    await Promise.all(this.couriers.map((courier) => courier.stop()));
  }
}
