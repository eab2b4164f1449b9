/** Why there is no connection, for good or at the moment; what the client says of itself. */

/** Why there is no connection any more. */
export interface Ending {
  /** A WebSocket close code; after a refused handshake the one that means the same as its HTTP status. */
  code: number;
  reason: string;
}

/** Why there is no connection at the moment: what the last try was answered. */
export interface Refusal {
  /** Of HTTP; 0 where nothing was asked. */
  status: number;
  /** The hub's own code; absent where something in front of it answered. */
  code?: string;
  /** In words, as the hub sent it. */
  message?: string;
}
