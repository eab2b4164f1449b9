/** Bugs that are planted around the machines, in what stores, restores, notifies and sends; the mutation check goes through them too. */
import type { Mutant } from './mutants';

/** What finds such a bug out; requests with the rules of a name of `request-rules.ts`. */
export type Trial =
  | 'turns'
  | 'tickets'
  | 'closed rules'
  | 'durable tools'
  | 'killed turns'
  | { requests: string; how: 'over sockets' | 'restarted' | 'in two hubs' };

/** `file` is below `lib`. */
export interface HubMutant extends Mutant {
  trial: Trial;
}

type Bug = readonly [bug: string, find: string, replace: string, trial: Trial];

function inFile(file: string, bugs: readonly Bug[]): HubMutant[] {
  return bugs.map(([bug, find, replace, trial]) => ({ bug, file, find, replace, trial }));
}

const overSockets = (requests: string) => ({ requests, how: 'over sockets' }) as const;
const restarted = (requests: string) => ({ requests, how: 'restarted' }) as const;
const inTwoHubs = { requests: 'two approvals, one veto', how: 'in two hubs' } as const;

export const hubMutants: readonly HubMutant[] = [
  ...inFile('hub/requests/request-actors.ts', [
    [
      'what lost a race is not decided again',
      'if (!lostRace || attempt >= maxAttempts) throw error;',
      'throw error;',
      inTwoHubs,
    ],
  ]),
  ...inFile('hub/requests/live-requests.ts', [
    [
      'a refusal is not checked against the store',
      'if (stored?.version === live.version) return;',
      'return;',
      inTwoHubs,
    ],
    [
      'an actor goes on whose decision was not stored',
      'await commit();\n    } catch (error) {\n      this.forget(id);',
      'await commit();\n    } catch (error) {',
      inTwoHubs,
    ],
  ]),
  ...inFile('hub/requests/decisions.ts', [
    [
      'a frame that is sent again is carried out again',
      '...(frame && { frame: {',
      '...(false && { frame: {',
      overSockets('no rule'),
    ],
  ]),
  ...inFile('hub/requests/request-changes.ts', [
    [
      'a change is stored and not sent',
      "type === 'hitl_request_pending' || type === 'hitl_request_updated' || type",
      "type === 'hitl_request_pending' || type",
      overSockets('no rule'),
    ],
    [
      'when the next deadline is, is not stored',
      '...(dueAt !== undefined && { dueAt }),',
      '',
      overSockets('an end'),
    ],
  ]),
  ...inFile('hub/requests/deadlines.ts', [
    [
      'after a restart no deadline is read',
      'this.stopped = false;\n    await this.run();',
      'this.stopped = false;',
      restarted('an end'),
    ],
  ]),
  ...inFile('hub/requests/asking.ts', [
    [
      'a key finds a request under other terms',
      "hasTerms(older.record, input, born.termsDigest ?? '')",
      'true',
      'closed rules',
    ],
    [
      'silence approves what needs an answer since it was amended',
      "const bySilence = onExpiry === 'approved' &&",
      'const bySilence = false &&',
      'closed rules',
    ],
  ]),
  ...inFile('hub/requests/answering.ts', [
    ['a claim lasts half as long', 'leaseMs = 120_000', 'leaseMs = 60_000', overSockets('no rule')],
    [
      'what was edited may not be done, what was shown may',
      'digest: digestOf(record.type, { ...record.payload, tool_args: response.tool_args }),',
      'digest: record.digest,',
      overSockets('arguments that may be edited'),
    ],
    [
      'an answer need not fit the question',
      'this.parts.kinds.response(record, answer.status, answer.response)',
      'answer.response',
      overSockets('no rule'),
    ],
    [
      'a field is dropped from edited arguments',
      'this.parts.kinds.assertAsSent(record, answer.response, response);',
      '',
      'closed rules',
    ],
  ]),
  ...inFile('hub/requests/runs.ts', [
    [
      'a run is waited for half as long',
      'runLeaseMs = 60_000',
      'runLeaseMs = 30_000',
      overSockets('a run that renews its lease'),
    ],
  ]),
  ...inFile('hub/requests/requests.ts', [
    [
      'a list goes by a filter that nobody knows',
      "assertOptions('The query', query, listFields);",
      '',
      'closed rules',
    ],
  ]),
  ...inFile('hub/turns/ongoing.ts', [
    [
      'the turn that waits never begins',
      'if (due && !due.ended) await this.start(due);\n    else if',
      'if',
      'turns',
    ],
    [
      'two turns of a session run at once',
      'this.queues.isFirst(session.id, turnId) || this.queues.ask(session, turnId);',
      '[this.queues.ask(session, turnId)].length > 0;',
      'turns',
    ],
  ]),
  ...inFile('hub/turns/endings.ts', [
    [
      'what a turn has asked outlives it',
      'await running.line.withdraw()',
      'await Promise.resolve()',
      'turns',
    ],
    ['a close withdraws what was asked', "if (turn.reason !== 'shutdown') {", 'if (true) {', 'turns'],
  ]),
  ...inFile('hub/events.ts', [
    [
      'the app is not notified of an escalation',
      "else if (type === 'escalated') this.emit('request.escalated', at, ticketId, ofRequest);",
      '',
      overSockets('more people after a while'),
    ],
  ]),
  ...inFile('hub/lifecycle.ts', [
    ['turns of a process that is gone run for ever', 'await turns.recover();', '', 'turns'],
  ]),
  ...inFile('hub/tickets/room.ts', [
    ['a replaced tab stays connected', "?.sink.close('replaced')", '', 'tickets'],
    [
      'who joins and leaves is not sent',
      "else if (event.type === 'presence_changed') this.publishPresence();",
      '',
      'tickets',
    ],
  ]),
  ...inFile('store/shared/preconditions.ts', [
    [
      'the store keeps what was decided on an older state',
      '(versions.get(record.id) ?? stored.version(record.id)) !== version',
      'false',
      inTwoHubs,
    ],
  ]),
  ...inFile('hub/options/options.ts', [
    [
      'an option that nobody knows is passed over',
      'if (unknown.length > 0) return',
      'if (unknown.length < 0) return',
      'closed rules',
    ],
    [
      'a wrong value of an option is taken',
      'if (issue) return',
      'if (issue && false) return',
      'closed rules',
    ],
  ]),
  ...inFile('actors/answer-policy.ts', [
    [
      'a requester who is excluded counts among those who may answer',
      'users.filter((user) => !(excludeRequester && user === asked?.userId))',
      'users',
      'closed rules',
    ],
    [
      'people may be named by an empty list',
      'if (stage.groups?.length === 0) return',
      'if (stage.groups?.length === -1) return',
      'closed rules',
    ],
  ]),
  ...inFile('actors/distinct-people.ts', [
    [
      'one person answers in two stages',
      'elsewhere === undefined || place(',
      'true || place(',
      'closed rules',
    ],
  ]),
  ...inFile('hub/requests/ask.ts', [
    [
      'silence approves what needs an answer',
      "(onExpiry === 'approved' && kinds.whyNotBySilence(type, payload))",
      'false',
      'closed rules',
    ],
    [
      'arguments are editable where several must agree',
      'if (!isForSeveral && kinds.knowsTool(payload.tool_name)) return payload;',
      'if (kinds.knowsTool(payload.tool_name)) return payload;',
      'closed rules',
    ],
    ['a request is asked in a ticket that cannot be', 'assertName(ticketId);', '', 'closed rules'],
  ]),
  ...inFile('hub/kinds/as-sent.ts', [
    [
      'what was filled in and not seen runs',
      'if (!before.has(key))',
      'if (!before.has(key)) continue;\n    if (false)',
      'closed rules',
    ],
  ]),
  ...inFile('hub/kinds/kinds.ts', [
    [
      'a kind is registered that nobody can answer',
      "if (why) throw refuse('response', why);",
      '',
      'closed rules',
    ],
    [
      'a kind that fails is asked all the same',
      'schema = responseOf(options, payload);\n    } catch (error) {',
      'schema = responseOf(options, payload);\n    } catch (error) {\n      return undefined;',
      'closed rules',
    ],
  ]),
  ...inFile('hub/kinds/pattern-check.ts', [
    [
      'a pattern that explodes in two alternatives is taken',
      'return same > 0 && same < pairLoop.size;',
      'return false;',
      'closed rules',
    ],
  ]),
  ...inFile('hub/tools/call-tool.ts', [
    [
      'a tool is given what was changed while a rule looked at it',
      'deepFreeze(read(tool, jsonCopy(givenArgs)))',
      'givenArgs',
      'closed rules',
    ],
    [
      'rules are asked again on a replay',
      'const decision = value as Decision;',
      'const decision = (value && (await decide(parts, args, key.key))) as Decision;',
      'durable tools',
    ],
  ]),
  ...inFile('hub/tools/run-once.ts', [
    [
      'what a rule allows is run again after its process ended',
      "if (begun && !isIdempotent) return noResult({ why: 'unknown', key });",
      '',
      'durable tools',
    ],
    [
      'what people approved is run again without their word',
      "if (earlier === 'unknown' && !isIdempotent) return noResult({ why: 'unknown', key });",
      '',
      'durable tools',
    ],
    [
      'what people want done again is not run again',
      "if (earlier === 'unknown' || again) await",
      "if (earlier === 'unknown') await",
      'durable tools',
    ],
    [
      'the lease of a run is not waited for',
      'if (clock.now() < until && !tool.isIdempotent) await entry.waitUntil(until);\n    else await',
      'await',
      'durable tools',
    ],
  ]),
  ...inFile('hub/tools/tool-run.ts', [
    [
      'a request is executed before its result is recorded',
      'entry.end(ran, (beside) => hitl.executed(id, runId, undefined, { ...occasion, beside }));',
      'hitl.executed(id, runId, undefined, occasion).then(() => entry.end(ran));',
      'durable tools',
    ],
    [
      'a run begins before that is recorded',
      'hitl.execute(id, { runId, payload }, { ...occasion, beside });',
      'hitl.execute(id, { runId, payload }, occasion);',
      'durable tools',
    ],
  ]),
  ...inFile('hub/tools/was-it-done.ts', [
    ['everybody is asked whether it was done', '...(policy && { policy }),', '', 'durable tools'],
  ]),
  ...inFile('hub/turns/durable/kept.ts', [
    [
      'a tool uses its turn',
      'runInside({ noun, turnId: run.turn.id }, () => work(entry))',
      'work(entry)',
      'durable tools',
    ],
    [
      'a tool that was run before the turn was started over is run again',
      'else if (earlier !== undefined) return run.append(call, earlier);',
      '',
      'durable tools',
    ],
  ]),
  ...inFile('hub/turns/durable/run.ts', [
    [
      'a turn that waits for a lease does not rest',
      'this.working -= 1;\n    await this.sleepUntil(end);\n    await this.awake();\n    this.working += 1;',
      'await this.sleepUntil(end);',
      'durable tools',
    ],
  ]),
  ...inFile('hub/turns/durable/journal.ts', [
    [
      'several results come in one turn of the loop',
      'await this.give(call, entry.body);\n      return true;',
      'await this.give(call, entry.body);',
      'killed turns',
    ],
    [
      'a call is told from others by its place alone',
      `const id = \`\${base}#\${count}\`;`,
      `const id = \`\${base.split(':')[0]}#\${count}\`;`,
      'killed turns',
    ],
    [
      'what is recorded is done again',
      'else if (!this.recorded.has(id)) this.held.push(perform);',
      'else perform();',
      'killed turns',
    ],
    ['nothing that was held back ever begins', 'for (const perform of held) perform();', '', 'killed turns'],
  ]),
  ...inFile('hub/turns/durable/writer.ts', [
    [
      'a process that has lost a turn writes on',
      'return { journal: [{ turnId, call, body }], fence: { turnId, generation: turn.generation() } };',
      'return { journal: [{ turnId, call, body }] } as never;',
      'killed turns',
    ],
  ]),
  ...inFile('hub/turns/durable/draws.ts', [
    [
      'chance falls another way in a replay',
      `update(\`\${id}\\n\${leg}\\n\${this.drawn}\`)`,
      `update(\`\${id}\\n\${leg}\\n\${Math.random()}\`)`,
      'killed turns',
    ],
  ]),
  ...inFile('hub/turns/durable/asks.ts', [
    [
      'what was asked before the turn was started over is asked again',
      'if (opened?.terms !== terms) return undefined;',
      'return undefined;',
      'durable tools',
    ],
    [
      'a request under other terms is found when a turn is started over',
      'if (opened?.terms !== terms) return undefined;',
      'if (opened === undefined) return undefined;',
      'durable tools',
    ],
  ]),
  ...inFile('hub/tools/tool-rules.ts', [
    [
      'rules change after the tool was guarded',
      'return Object.freeze(given.map(',
      'return given;\n  return Object.freeze(given.map(',
      'closed rules',
    ],
  ]),
  ...inFile('hub/requests/grants.ts', [
    [
      'a grant covers a ticket that its giver may not use',
      'if (await this.reaches(grant, asked.ticketId)) return grant;',
      'return grant;',
      'closed rules',
    ],
  ]),
  ...inFile('hub/options/duration.ts', [
    [
      'a deadline is beyond the calendar',
      'if (read(given) <= longestDeadlineMs || whyNoDuration(given)) return whyNoDuration(given);',
      'if (true) return whyNoDuration(given);',
      'closed rules',
    ],
  ]),
];
