/** Holds `docs/reference-api.md` to the index of the reference: every entry is there, and the name that it has here exists. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chatFrameSchema } from '../../lib/protocol/chat-frames';
import { maxFrameBytes } from '../../lib/protocol/client-frames';
import { loggedSchema } from '../../lib/protocol/envelopes';
import { messageViewSchema } from '../../lib/protocol/message-view';
import { requestViewSchema } from '../../lib/protocol/request-view';
import { sessionViewSchema } from '../../lib/protocol/session-view';
import { turnViewSchema } from '../../lib/protocol/turn-view';
import { maxQueuedBytes, maxQueuedFrames } from '../../lib/transport/core/connection';
import { codes, section, tables } from '../protocol/markdown';
import { page, root } from './pages';

/** The index of the reference's package (A74 to A81), in its order. */
const reference = [
  'Hub',
  'NewHub',
  'Run',
  'Register',
  'Unregister',
  'BroadcastToTicket',
  'SendToTicket',
  'SendMessageToTicket',
  'SendStatusToTicket',
  'SendErrorToTicket',
  'SendToClient',
  'SendMessageToClient',
  'SendTraceToClient',
  'SendWarningToClient',
  'GetActiveTickets',
  'GetClientCount',
  'GetTotalClientCount',
  'Close',
  'Client',
  'NewClient',
  'NewClientWithTabID',
  'AttachSession',
  'SessionID',
  'GetClientID',
  'Handler',
  'NewHandler',
  'HandleTicketChat',
  'WithFrontendURL',
  'WithAllowedOrigins',
  'NewTestHandler',
];

/** The rest of that index, and the entries of the packages that the page adds, by heading and in the order of the page. */
const mapped: Readonly<Record<string, readonly string[]>> = {
  '## Limits': [
    'maxMessageSize',
    'maxClientsPerTicket',
    'clientSendBufferSize',
    'writeWait',
    'pongWait',
    'pingPeriod',
  ],
  '## Broadcast message': type('BroadcastMessage', 'TicketID', 'Message'),
  '## Event kinds': [
    'EventKind',
    'EventKindSessionMessageAdded',
    'EventKindSessionMessageUpdated',
    'EventKindSessionCreated',
    'EventKindTurnStarted',
    'EventKindTurnEnded',
    'EventKindHITLRequestPending',
    'EventKindHITLRequestResolved',
  ],
  '## Envelope': [
    ...type('Envelope', 'Event', 'Timestamp', 'SessionID', 'TurnID', 'Message', 'Session', 'Turn', 'Status'),
    ...['Envelope.Intent', 'Envelope.HITL', 'Envelope.Marshal'],
    'NewSessionMessageAddedEvent',
    'NewSessionMessageUpdatedEvent',
    'NewHITLRequestPendingEvent',
    'NewHITLRequestResolvedEvent',
    'NewSessionCreatedEvent',
    'NewTurnStartedEvent',
    'NewTurnEndedEvent',
  ],
  '## Views': [
    ...type('MessageView', 'ID', 'SessionID', 'TurnID', 'Type', 'Author', 'Content', 'CreatedAt'),
    ...type('SessionView', 'ID', 'TicketID', 'Source', 'UserID', 'CreatedAt', 'LastActiveAt'),
    ...type('TurnView', 'ID', 'SessionID', 'Status', 'Intent', 'StartedAt', 'EndedAt'),
    ...type('HITLView', 'ID', 'SessionID', 'Type', 'Status', 'UserID', 'Payload', 'Response', 'MessageID'),
  ],
  '## Chat frames': [
    ...type('ChatMessage', 'Type', 'Content', 'Timestamp', 'FromBytes', 'IsValidMessageType'),
    ...type('ChatResponse', 'Type', 'Content', 'User', 'Timestamp', 'MessageID', 'ToBytes'),
    'ChatResponse.IsValidResponseType',
    'NewChatResponse',
    'NewMessageResponse',
    'NewStatusResponse',
    'NewErrorResponse',
    'NewPongResponse',
    'NewTraceResponse',
    'NewWarningResponse',
    ...type('User', 'ID', 'Name'),
    'UserFromSlackUser',
  ],
  '## Requests': [
    ...type('Request', 'ID', 'SessionID', 'Type', 'Payload', 'Status', 'Response', 'UserID', 'RespondedBy'),
    ...['Request.CreatedAt', 'Request.RespondedAt'],
    'RequestAndWait',
    'WithTimeout',
    'Respond',
    'Presenter',
    'NoOpPresenter',
  ],
};

/** A type of the reference with its fields and methods. */
function type(name: string, ...members: string[]): string[] {
  return [name, ...members.map((member) => `${name}.${member}`)];
}

describe('the map of the reference', () => {
  /** What is declared anywhere in `lib/`: functions, methods, types, fields, constants. */
  const declared = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(root, 'lib', name), 'utf8'))
    .join('\n');

  test.each(Object.entries(mapped))('%s has every entry, and no other', (heading, entries) => {
    const [table] = tables(section(page('docs/reference-api.md'), heading));
    const rows = table?.rows ?? [];
    expect(rows.flatMap((row) => codes(row.Reference ?? '').map((name) => name.replace('()', '')))).toEqual(
      entries,
    );
    for (const { Reference, Here = '' } of rows) {
      const names = codes(Here).map((code) => code.replace(/\(.*/, '').replace(/^.*\./, ''));
      expect([Reference, names.length > 0 || Here === 'none']).toEqual([Reference, true]);
      for (const name of names)
        expect([name, new RegExp(`(^|[\\s'(])${name}('\\)|[ ,<(?:]|$)`, 'm').test(declared)]).toEqual([
          name,
          true,
        ]);
    }
  });

  test('names the fields of each view and frame as they travel', () => {
    const shapes: Readonly<Record<string, { shape: object }>> = {
      MessageView: messageViewSchema,
      SessionView: sessionViewSchema,
      TurnView: turnViewSchema,
      HITLView: requestViewSchema,
      ChatResponse: chatFrameSchema,
    };
    const rows = ['## Views', '## Chat frames', '## Envelope'].flatMap(
      (heading) => tables(section(page('docs/reference-api.md'), heading))[0]?.rows ?? [],
    );
    const onWire = new Set(loggedSchema.options.flatMap(({ shape }) => Object.keys(shape)));
    let fieldsSeen = 0;
    for (const { Reference = '', Here = '' } of rows) {
      const [of = '', member] = (codes(Reference)[0] ?? '').split('.');
      const known = of === 'Envelope' ? onWire : new Set(Object.keys(shapes[of]?.shape ?? {}));
      if (member === undefined || known.size === 0 || Here === 'none') continue;
      fieldsSeen += 1;
      expect([Reference, known.has(codes(Here)[0] ?? '')]).toEqual([Reference, true]);
    }
    expect(fieldsSeen).toBe(42);
  });

  test('says which values an event kind and a limit has', () => {
    const kinds = tables(section(page('docs/reference-api.md'), '## Event kinds'))[0]?.rows.slice(1) ?? [];
    const events: readonly string[] = loggedSchema.options.map(({ shape }) => shape.event.value);
    for (const { Reference = '', Here = '' } of kinds) {
      const [event = ''] = codes(Here);
      expect(events).toContain(event);
      const inGo = event
        .replace('hitl', 'HITL')
        .replace(/(?:^|_)(\w)/g, (_all, first) => first.toUpperCase());
      expect(codes(Reference)).toEqual([`EventKind${inGo}`]);
    }
    const limits = section(page('docs/reference-api.md'), '## Limits');
    for (const value of [maxFrameBytes, maxQueuedFrames, maxQueuedBytes])
      expect(limits).toContain(`, ${value.toLocaleString('en')}`);
  });
});

test('every entry of the reference hub is on its page, and the name it has here exists', () => {
  const rows = ['## Hub', '## Client', '## Handler'].flatMap(
    (heading) => tables(section(page('docs/reference-api.md'), heading))[0]?.rows ?? [],
  );
  const entries = rows.flatMap((row) => codes(row.Reference ?? '').map((name) => name.replace(/\(.*/, '')));
  expect(entries).toEqual(reference);
  const code = [
    'lib/hub/hub.ts',
    'lib/hub/reference.ts',
    'lib/hub/tickets/client.ts',
    'lib/transport/express/handler-reference.ts',
    'lib/transport/express/express-hitl.ts',
    'lib/transport/core/origin.ts',
    'lib/testing/test-hub.ts',
  ]
    .map((path) => readFileSync(join(root, path), 'utf8'))
    .join('\n');
  for (const row of rows) {
    for (const here of codes(row.Here ?? '')) {
      const name = here.replace(/\(.*/, '').replace(/^.*\./, '');
      expect([here, new RegExp(`\\b${name}\\b(?:[(?:<]| \\{)`).test(code)]).toEqual([here, true]);
    }
  }
});
