/** The code of a durable agent, with its versions and options; `durable` makes it, and turns call the function that each began with. */

import { z } from 'zod';
import { describe, HubError } from '../../../errors';
import { nearestName } from '../../../protocol/nearest-name';
import type { Millis, TurnRun } from '../../../protocol/records';
import { whyNoSchema } from '../../kinds/kind-check';
import { zodOf } from '../../kinds/schemas';
import type { Schema } from '../../kinds/standard-schema';
import { type Duration, toDeadlineMillis, toMillis } from '../../options/duration';
import { assertOptions, callback, deadline, duration, elsewhere, name } from '../../options/options';
import type { DurableTurn } from './durable-turn';

/** How turns of a durable agent are continued. */
export interface DurableOptions<S extends Schema = Schema<never>> {
  /** Of what `turn.again` stores; checked when it is read. Default: there is no state. */
  state?: S;
  /** Of this code: turns that begin now have it. Default: all code is one version. */
  version?: string;
  /** Earlier functions, for turns that began with them, in the order in which they were written. */
  // A method, so that one with types and a state of its own fits.
  // biome-ignore lint/suspicious/noExplicitAny: each has its own
  earlier?: Readonly<Record<string, { run(turn: DurableTurn<any, any>): unknown }['run']>>;
  /** What becomes of a turn that the code no longer fits. Default `'stuck'`: a person decides. */
  onChange?: 'stuck' | 'start_over';
  /** A turn that is older ends as `expired`. Default `'30d'`. */
  maxAge?: Duration;
  /** Processes that may end under a turn without it getting any further; then it is stuck. Default 3. */
  maxCrashes?: number;
  /** How long a waiting turn stays in memory. Default `'10m'`. */
  releaseAfter?: Duration;
  /** Whether the session's next message waits until the turn is over. Default `'wait'`. */
  session?: 'wait' | 'free_while_waiting';
}

const durableFields = {
  state: elsewhere,
  version: name,
  earlier: z.record(name, callback),
  onChange: z.enum(['stuck', 'start_over']),
  maxAge: deadline,
  maxCrashes: z.number().int().min(1),
  releaseAfter: duration,
  session: z.enum(['wait', 'free_while_waiting']),
};

type Code = (turn: DurableTurn) => unknown;

export class AgentCode {
  readonly version: string | undefined;
  readonly maxCrashes: number;
  readonly releaseAfterMs: number;
  readonly freesItsSession: boolean;
  readonly startsOverOnChange: boolean;
  private readonly maxAgeMs: number;
  private readonly byVersion: ReadonlyMap<string | undefined, Code>;
  /** The oldest first. */
  private readonly versions: readonly string[];
  private readonly state: z.ZodType | undefined;

  /** @throws HubError `invalid_request` for what is no function, and options that are unknown or cannot be */
  constructor(run: Code, options: DurableOptions<Schema> = {}) {
    if (typeof run !== 'function')
      throw new HubError('invalid_request', { message: 'durable: an agent is a function that takes a turn' });
    assertOptions('durable', options, durableFields);
    const { version, earlier = {}, state, onChange, maxAge = '30d', releaseAfter = '10m' } = options;
    if (version !== undefined && Object.hasOwn(earlier, version))
      throw new HubError('invalid_request', {
        message: `durable: ${version} is the version, and one of the earlier`,
      });
    if (version === undefined && Object.keys(earlier).length > 0)
      throw new HubError('invalid_request', {
        message: 'durable: earlier functions need a version beside them',
      });
    this.version = version;
    this.versions = [...Object.keys(earlier), ...(version === undefined ? [] : [version])];
    this.byVersion = new Map<string | undefined, Code>([
      ...Object.entries(earlier),
      // Turns that began when the code had no version go on with the present one.
      [undefined, run],
      [version, run],
    ]);
    this.state = state && (zodOf(state) as z.ZodType);
    const whyState = this.state && whyNoSchema(this.state);
    if (whyState) throw new HubError('invalid_request', { message: `durable: state: ${whyState}` });
    this.maxAgeMs = toDeadlineMillis(maxAge);
    this.maxCrashes = options.maxCrashes ?? 3;
    this.releaseAfterMs = toMillis(releaseAfter);
    this.freesItsSession = options.session === 'free_while_waiting';
    this.startsOverOnChange = onChange === 'start_over';
  }

  /** Of a turn that begins now. */
  newRun(now: Millis): TurnRun {
    const expiresAt = now + this.maxAgeMs;
    const { version } = this;
    return {
      ...(version !== undefined && { version }),
      ...{ generation: 0, leg: 0, tries: 0, triedAt: 0, dueAt: expiresAt, expiresAt },
    };
  }

  /** Why turns of this version cannot be continued; nothing if they can. */
  whyUnknown(version: string | undefined): string | undefined {
    if (this.byVersion.has(version)) return undefined;
    const known = this.versions.length > 0 ? `it knows ${this.versions.join(', ')}` : 'it has no versions';
    return `It began with version ${version} of the code, which the agent does not have: ${known}; name it in earlier`;
  }

  async call(turn: DurableTurn, version: string | undefined): Promise<unknown> {
    return this.byVersion.get(version)?.(turn);
  }

  /** The same, with its functions called by `call`. */
  calledBy(call: (turn: DurableTurn, code: Code) => Promise<unknown>): AgentCode {
    const other: AgentCode = Object.create(this);
    other.call = (turn, version) => call(turn, (given) => this.call(given, version));
    return other;
  }

  /**
   * Whether a turn of `version` began with code as new as `asked`.
   * @throws HubError `invalid_request` for a version that is not known
   */
  isSince(version: string | undefined, asked: string): boolean {
    const at = this.versions.indexOf(asked);
    if (at < 0) {
      const near = nearestName(asked, this.versions);
      throw new HubError('invalid_request', {
        message: `turn.since: there is no version ${asked}${near ? `; did you mean ${near}?` : ''}`,
      });
    }
    return version !== undefined && this.versions.indexOf(version) >= at;
  }

  /** What `turn.again` stored, read by the schema. Never throws. */
  readState(stored: unknown): { ok: true; state: unknown } | { ok: false; why: string } {
    if (stored === undefined || !this.state) return { ok: true, state: stored };
    try {
      const read = this.state.safeParse(stored);
      if (read.success) return { ok: true, state: read.data };
      const [issue] = read.error.issues;
      const at = issue?.path.length ? ` at ${issue.path.join('.')}` : '';
      return { ok: false, why: `The state of its leg does not fit the schema${at}: ${issue?.message}` };
    } catch (error) {
      return { ok: false, why: `The schema of its state failed: ${describe(error)}` };
    }
  }
}
