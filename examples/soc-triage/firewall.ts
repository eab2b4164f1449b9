/** A pretend firewall: what it blocks is a line in a file, so that everybody can see what was done; the agent calls it. */
import { appendFile } from 'node:fs/promises';

export class Firewall {
  /** @param path the file, one JSON object per line; made when the first address is blocked */
  constructor(private readonly path: string) {}

  /** Resolves when the line is written. @param approvedBy who said yes */
  async block(ip: string, approvedBy: string): Promise<void> {
    const line = JSON.stringify({ at: new Date().toISOString(), action: 'block', ip, approvedBy });
    await appendFile(this.path, `${line}\n`);
  }
}
