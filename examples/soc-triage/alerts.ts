/** The alerts that ship with the demo, one JSON file per ticket; the agent and the page read them from here. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a detection system reported. */
export interface Alert {
  /** The ticket it is handled in. */
  id: string;
  title: string;
  severity: 'info' | 'low' | 'medium' | 'high' | 'critical';
  /** Which system noticed it. */
  source: string;
  /** RFC 3339, UTC. */
  detected_at: string;
  host: string;
  /** The account concerned, if there is one. */
  user?: string;
  indicators: { type: string; value: string }[];
  description: string;
  /** What to do, in order. */
  playbook: string[];
  /** What a hasty reader must not miss. */
  caution?: string;
}

/** All alerts by ticket id, in the order of their ids. @throws Error if a file cannot be read or is no JSON */
export function loadAlerts(): ReadonlyMap<string, Alert> {
  const folder = join(__dirname, 'alerts');
  const names = readdirSync(folder).sort();
  return new Map(
    names.map((name) => {
      const alert: Alert = JSON.parse(readFileSync(join(folder, name), 'utf8'));
      return [alert.id, alert];
    }),
  );
}
