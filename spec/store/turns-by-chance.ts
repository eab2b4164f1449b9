/** Turns by chance, plain and durable: their records, and what a commit writes to journals, states and waits, with the fence that it has. */
import type { TurnRecord, TurnRun, TurnStatus } from '../../lib/protocol/records';
import { isOpen } from '../../lib/store/shared/turns';
import type { Commit } from '../../lib/store/store';
import { type Chance, given, people } from './chance';
import type { Written } from './written';

const open = ['queued', 'running', 'running', 'waiting', 'waiting', 'stuck'] as const;

export class TurnsByChance {
  constructor(
    private readonly chance: Chance,
    private readonly written: Written,
  ) {}

  born(ticketId: string, sessionId: string): TurnRecord {
    const { chance, written } = this;
    const by = chance.one(people);
    const user = { id: by.userId, name: by.displayName, groups: ['analyst'] };
    const run: TurnRun = { generation: 1, leg: 0, tries: 1, triedAt: 0 };
    const born: TurnRecord = {
      ...{
        id: chance.id('turn', written.now),
        ticketId,
        sessionId,
        userId: by.userId,
        queuedAt: written.now,
      },
      status: chance.one(open),
      ...given({
        intent: chance.maybe(0.2, () => chance.text()),
        messageId: chance.maybe(0.5, () => chance.any(written.messagesIn(ticketId))?.id),
        user: chance.maybe(0.5, () => user),
        run: chance.maybe(0.7, () => run),
      }),
    };
    return this.inStatus(born, born.status);
  }

  /** What may become of it; some go on although they have ended. */
  changed(turn: TurnRecord): TurnRecord {
    const { chance } = this;
    const ended: readonly TurnStatus[] = chance.is(0.25) ? open : [turn.status];
    const next: readonly TurnStatus[] = chance.is(0.15) ? ['completed', 'aborted'] : open;
    return this.inStatus(turn, chance.one(isOpen(turn.status) ? next : ended));
  }

  /** What a commit has of the journals of turns. */
  writes(ticketId: string): Pick<Commit, 'journal' | 'waits' | 'state'> {
    const { chance, written } = this;
    const durable = written.turnsIn(ticketId).filter(({ run }) => run);
    const turnId = () => chance.any(chance.is(0.9) ? durable : written.turns.values())?.id ?? 'no turn';
    const requestId = () => chance.any(written.requests.keys()) ?? 'not asked yet';
    const entry = () => ({
      turnId: turnId(),
      call: chance.text(),
      body: chance.is(0.1) ? undefined : chance.json(),
    });
    return given({
      journal: chance.maybe(0.5, () => chance.several(1, 4, entry)),
      waits: chance.maybe(0.5, () =>
        chance.several(1, 3, () => ({ turnId: turnId(), requestId: requestId() })),
      ),
      state: chance.maybe(0.3, () => ({
        turnId: turnId(),
        state: chance.is(0.15) ? undefined : chance.json(),
      })),
    });
  }

  /** Mostly one that holds. */
  fence(ticketId: string): Commit['fence'] {
    const { chance, written } = this;
    const turn = chance.any(written.turnsIn(ticketId).filter(({ run, status }) => run && isOpen(status)));
    const any = turn ?? chance.any(written.turns.values());
    if (!any) return undefined;
    const generation = any.run?.generation ?? 1;
    const entries = written.journals.get(any.id) ?? 0;
    return {
      turnId: chance.is(0.95) ? any.id : 'no turn',
      generation: chance.is(0.9) ? generation : generation - 1,
      ...given({ entries: chance.maybe(0.6, () => (chance.is(0.8) ? entries : entries + 1)) }),
    };
  }

  private inStatus(turn: TurnRecord, status: TurnStatus): TurnRecord {
    const { chance, written } = this;
    const at = written.now;
    const { waitsFor: _waitsFor, problem: _problem, endedAt: _endedAt, reason: _reason, ...before } = turn;
    const ids = () => chance.some([...written.requests.keys()].slice(-5), 0.4);
    return {
      ...before,
      status,
      ...given({
        startedAt: status === 'queued' ? undefined : (before.startedAt ?? at),
        endedAt: isOpen(status) ? undefined : at,
        reason:
          status === 'aborted'
            ? chance.one(['error', 'cancelled', 'shutdown', 'crash', 'expired'] as const)
            : undefined,
        run: turn.run && this.run(turn.run),
        waitsFor:
          status === 'waiting'
            ? { since: at, requestIds: ids(), ...given({ until: this.later() }) }
            : undefined,
        problem:
          status === 'stuck'
            ? { reason: chance.one(['changed', 'crashing', 'too_long'] as const), at, message: chance.text() }
            : undefined,
        continuedAt: chance.maybe(0.1, () => at),
      }),
    };
  }

  private run(run: TurnRun): TurnRun {
    const { chance } = this;
    const { dueAt: _dueAt, ...before } = run;
    return {
      ...before,
      generation: run.generation + chance.from(0, 1),
      leg: run.leg + (chance.is(0.15) ? 1 : 0),
      tries: chance.from(0, 3),
      ...given({
        dueAt: this.later(),
        version: run.version ?? chance.maybe(0.5, () => chance.one(['v1', 'v2', `v:"3"'`])),
        owner: chance.maybe(0.3, () => 'node-1'),
        expiresAt: this.later(),
        when: chance.maybe(0.1, () => ['a request']),
      }),
    };
  }

  /** Often the same for several. */
  private later(): number | undefined {
    const { chance, written } = this;
    return chance.maybe(0.5, () => written.nextSecond + chance.from(0, 6) * 500);
  }
}
