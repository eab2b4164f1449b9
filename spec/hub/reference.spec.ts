/** The names of the reference, all of them on `hub.reference`, and the envelopes that they make. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expressHitl, memoryStore } from '../../lib';
import { loggableSchema } from '../../lib/protocol/envelopes';
import { codes, section, tables } from '../protocol/markdown';
import { Rig } from './rig';

test('Everything that the page names on hub.reference exists', async () => {
  const page = readFileSync(join(__dirname, '../../docs/reference-api.md'), 'utf8');
  const rows = ['## Hub', '## Client', '## Handler', '## Envelope', '## Chat frames'].flatMap(
    (heading) => tables(section(page, heading))[0]?.rows ?? [],
  );
  const named = rows
    .flatMap(({ Here = '' }) => codes(Here))
    .flatMap((code) => /^hub\.reference\.(\w+)/.exec(code)?.[1] ?? []);
  const hitl = expressHitl({
    store: memoryStore(),
    auth: { identify: () => null, authorize: () => 'forbidden' },
  });
  const { reference } = hitl.hub;
  expect(new Set(named).size).toBe(29);
  for (const name of named) expect([name, typeof Reflect.get(reference, name)]).toEqual([name, 'function']);
  expect(reference.newHandler()).toBe(hitl.router);
  expect(reference.handleTicketChat).toBe(hitl.sockets.ticket);
  await hitl.close();
});

test('The builders make envelopes that a client can read, and store and send nothing', async () => {
  const rig = new Rig({ agent: (turn) => turn.say('hello') });
  await rig.hub.start();
  const {
    sessionId,
    messageId,
    turnId = '',
  } = await rig.app.turns.start({
    ...{ ticketId: 'T', user: { id: 'ann' }, content: 'hi' },
  });
  await rig.hub.turns.idle();
  const session = await rig.kept.session(sessionId);
  const message = await rig.kept.message(messageId);
  const turn = await rig.kept.turn(turnId);
  const request = await rig.hub.hitl.request({
    ...{ ticketId: 'T', sessionId, userId: 'agent', type: 'question', payload: { question: 'Go?' } },
  });
  const before = (await rig.log()).length;
  const { reference } = rig.app;
  if (!session || !message || !turn) throw new Error('not stored');
  const made = [
    reference.newSessionCreatedEvent(session),
    reference.newSessionMessageAddedEvent(message),
    reference.newSessionMessageUpdatedEvent(message),
    reference.newTurnStartedEvent(turn),
    reference.newTurnEndedEvent(turn),
    reference.newHitlRequestPendingEvent(request),
    reference.newHitlRequestResolvedEvent(request),
  ];
  for (const envelope of made) expect(loggableSchema.parse(envelope)).toEqual(envelope);
  expect(new Set(made.map(({ event }) => event))).toEqual(new Set(Object.values(reference.eventKinds)));
  expect((await rig.log()).length).toBe(before);
  await rig.hub.close();
});
