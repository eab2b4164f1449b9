/** Requests to humans in one place: passes each call on to what owns it; REST, sockets, turns and the app all call it. */
import type { z } from 'zod';
import type { AuditEntry } from '../../protocol/audit';
import type { RequestRecord, User } from '../../protocol/records';
import type { AuditFilter, Page, RequestFilter } from '../../store/store';
import type { Occasion } from '../commit/occasion';
import { Answering, type AnsweringParts, type HitlAnswer } from './answering';
import type { HitlRequestInput } from './ask';
import { Askers, type AskersParts, type TurnEnd } from './askers';
import { type Amendment, Asking, type AskingParts } from './asking';
import { RequestReads, type RequestReadsParts } from './request-reads';
import { Runs, type RunsParts } from './runs';

export { leaseMs } from './answering';
export { runLeaseMs } from './runs';

export type HitlParts = AskingParts & AskersParts & AnsweringParts & RunsParts & RequestReadsParts;

export class Hitl {
  private readonly asking: Asking;
  private readonly askers: Askers;
  private readonly answering: Answering;
  private readonly runs: Runs;
  private readonly reads: RequestReads;

  constructor(private readonly parts: HitlParts) {
    this.askers = new Askers(parts);
    this.asking = new Asking({ ...parts, askers: this.askers });
    this.answering = new Answering(parts);
    this.runs = new Runs(parts);
    this.reads = new RequestReads(parts);
  }

  /** See `Asking.request`. */
  request(input: HitlRequestInput, occasion?: Occasion): Promise<RequestRecord> {
    return this.asking.request(input, occasion);
  }

  /** See `Asking.ask`. */
  ask(
    input: HitlRequestInput,
    occasion?: Occasion,
    onlyOwn?: boolean,
  ): Promise<{ request: RequestRecord; isNew: boolean }> {
    return this.asking.ask(input, occasion, onlyOwn);
  }

  /** See `Asking.amend`. */
  amend(
    id: string,
    payload: Record<string, unknown> | undefined,
    amendment?: Amendment,
  ): Promise<RequestRecord> {
    return this.asking.amend(id, payload, amendment);
  }

  /** See `Answering.respond`. */
  respond(id: string, answer: HitlAnswer, occasion?: Occasion): Promise<RequestRecord> {
    return this.answering.respond(id, answer, occasion);
  }

  /** See `Answering.claim`. */
  claim(id: string, by: User, occasion?: Occasion): Promise<RequestRecord> {
    return this.answering.claim(id, by, occasion);
  }

  /** See `Answering.release`. */
  release(id: string, by: User, occasion?: Occasion): Promise<RequestRecord> {
    return this.answering.release(id, by, occasion);
  }

  /** See `Answering.withdraw`. */
  withdraw(
    id: string,
    withdrawal: { by: User; reason: string },
    occasion?: Occasion,
  ): Promise<RequestRecord> {
    return this.answering.withdraw(id, withdrawal, occasion);
  }

  /** See `Answering.cancel`. */
  cancel(id: string, reason: string, occasion?: Occasion): Promise<RequestRecord> {
    return this.answering.cancel(id, reason, occasion);
  }

  /** See `Runs.execute`. */
  execute(
    id: string,
    run: { runId: string; payload: Record<string, unknown> },
    occasion?: Occasion,
  ): Promise<RequestRecord> {
    return this.runs.execute(id, run, occasion);
  }

  /** See `Runs.renew`. */
  renew(id: string, runId: string, occasion?: Occasion): Promise<RequestRecord> {
    return this.runs.renew(id, runId, occasion);
  }

  /** See `Runs.executed`. */
  executed(id: string, runId: string, error?: string, occasion?: Occasion): Promise<RequestRecord> {
    return this.runs.executed(id, runId, error, occasion);
  }

  /** See `Runs.lost`. */
  lost(id: string, runId: string, error: string, occasion?: Occasion): Promise<RequestRecord> {
    return this.runs.lost(id, runId, error, occasion);
  }

  /** See `Runs.retry`. */
  retry(id: string, occasion?: Occasion): Promise<RequestRecord> {
    return this.runs.retry(id, occasion);
  }

  /** See `Runs.notRun`. */
  notRun(id: string, runId: string, error: string, occasion?: Occasion): Promise<RequestRecord> {
    return this.runs.notRun(id, runId, error, occasion);
  }

  /** From now on edited arguments of this tool are validated by this schema. */
  defineTool(name: string, args: z.ZodType<Record<string, unknown>>): void {
    this.parts.kinds.defineTool(name, args);
  }

  /** See `Askers.attend`. */
  attend(id: string, turnId: string): void {
    this.askers.attend(id, turnId);
  }

  /** See `Askers.turnAway`. */
  turnAway(id: string, turnId: string): void {
    this.askers.turnAway(id, turnId);
  }

  /** See `Askers.forget`. */
  forget(id: string): void {
    this.askers.forget(id);
  }

  /** See `Askers.takeUp`. */
  takeUp(id: string, occasion?: Occasion): Promise<RequestRecord> {
    return this.askers.takeUp(id, occasion);
  }

  /** See `Askers.leave`. */
  leave(id: string): Promise<RequestRecord> {
    return this.askers.leave(id);
  }

  /** See `Askers.endWithTurn`. */
  endWithTurn(turnId: string, end?: TurnEnd): Promise<void> {
    return this.askers.endWithTurn(turnId, end);
  }

  /** See `RequestReads.get`. */
  get(id: string): Promise<RequestRecord> {
    return this.reads.get(id);
  }

  /** See `RequestReads.find`. */
  find(ticketId: string, key: string): Promise<RequestRecord | undefined> {
    return this.reads.find(ticketId, key);
  }

  /** See `RequestReads.statesOf`. */
  statesOf(id: string): Promise<string[]> {
    return this.reads.statesOf(id);
  }

  /** See `RequestReads.list`. */
  list(filter?: RequestFilter, limit?: number, cursor?: string): Promise<Page<RequestRecord>> {
    return this.reads.list(filter, limit, cursor);
  }

  /** See `RequestReads.audit`. */
  audit(filter: AuditFilter): AsyncIterable<AuditEntry> {
    return this.reads.audit(filter);
  }

  /** See `RequestReads.wait`. */
  wait(id: string, options?: { signal?: AbortSignal }): Promise<RequestRecord> {
    return this.reads.wait(id, options);
  }

  /** See `RequestReads.waiting`. */
  get waiting(): number {
    return this.reads.waiting;
  }
}
