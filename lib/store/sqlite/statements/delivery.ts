/** The SQL statements of deliveries to channels. */
import type { Millis } from '../../../protocol/records';
import type { DeadDelivery, WaitingDelivery } from '../../store';
import type { Prepare } from './prepared';

type OfDelivery = [channel: string, requestId: string, version: number];

const delivery = 'channel, request_id AS requestId, event, version, attempts';
/** Of a channel as a whole: it has no recipients by name. */
const ofDelivery = "channel = ? AND request_id = ? AND recipient = '' AND version = ?";

export function deliveryStatements(prepare: Prepare) {
  return {
    putDelivery: prepare<[channel: string, requestId: string, event: string, version: number, due: Millis]>(
      `INSERT INTO deliveries (channel, request_id, recipient, event, version, attempts, due_at) VALUES (?, ?, '', ?, ?, 0, ?)
       ON CONFLICT (channel, request_id, recipient) DO UPDATE SET
         event = iif(deliveries.event = 'present' AND excluded.event = 'update', 'present', excluded.event),
         version = excluded.version, attempts = 0, due_at = excluded.due_at, dead_at = NULL, error = NULL`,
    ),
    deliveries: prepare<[channel: string, limit: number], WaitingDelivery>(
      `SELECT ${delivery}, due_at AS dueAt FROM deliveries
       WHERE channel = ? AND due_at IS NOT NULL ORDER BY due_at, request_id LIMIT ?`,
    ),
    dropDelivery: prepare<[...OfDelivery], { version: number }>(
      `DELETE FROM deliveries WHERE ${ofDelivery} RETURNING version`,
    ),
    presented: prepare<[channel: string, requestId: string]>(
      `UPDATE deliveries SET event = 'update' WHERE channel = ? AND request_id = ? AND recipient = '' AND event = 'present'`,
    ),
    postponeDelivery: prepare<[attempts: number, due: Millis, ...OfDelivery], { version: number }>(
      `UPDATE deliveries SET attempts = ?, due_at = ? WHERE ${ofDelivery} RETURNING version`,
    ),
    buryDelivery: prepare<[number, dead: Millis, error: string, ...OfDelivery], { version: number }>(
      `UPDATE deliveries SET attempts = ?, due_at = NULL, dead_at = ?, error = ? WHERE ${ofDelivery}
       RETURNING version`,
    ),
    deadDeliveries: prepare<[limit: number], DeadDelivery>(
      `SELECT ${delivery}, dead_at AS deadAt, error FROM deliveries
       WHERE dead_at > 0 ORDER BY dead_at DESC, channel DESC, request_id DESC LIMIT ?`,
    ),
    dropDead: prepare<[keep: number]>(
      `DELETE FROM deliveries WHERE (channel, request_id, recipient) IN
         (SELECT channel, request_id, recipient FROM deliveries WHERE dead_at > 0
          ORDER BY dead_at DESC, channel DESC, request_id DESC LIMIT -1 OFFSET ?)`,
    ),
  };
}
