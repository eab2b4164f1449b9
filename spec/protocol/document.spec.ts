/** Holds the examples and tables of fields of `docs/protocol.md`, `docs/rest.md` and `docs/classic.md` and the schemas together, in both directions. */
import { z } from 'zod';
import { errorCodes, type WireCode } from '../../lib/errors';
import { auditEventSchema, auditViewSchema, viaSchema } from '../../lib/protocol/audit';
import { chatFrameSchema } from '../../lib/protocol/chat-frames';
import {
  classicFrameSchema,
  clientFrameSchema,
  inboxFrameSchema,
  verdictSchema,
} from '../../lib/protocol/client-frames';
import { encodeClassic, encodeClassicDirect } from '../../lib/protocol/codec';
import { displaySchema } from '../../lib/protocol/display-view';
import {
  directSchema,
  envelopeSchema,
  ephemeralSchema,
  loggedSchema,
  turnEndedSchema,
} from '../../lib/protocol/envelopes';
import { grantViewSchema } from '../../lib/protocol/grants';
import { inboxSchema } from '../../lib/protocol/inbox-envelopes';
import { messageViewSchema } from '../../lib/protocol/message-view';
import { policySchema } from '../../lib/protocol/policy-view';
import { requestViewSchema } from '../../lib/protocol/request-view';
import { sessionViewSchema } from '../../lib/protocol/session-view';
import { turnViewSchema } from '../../lib/protocol/turn-view';
import { codes, jsonBlocks, readPage, section, tableOf } from './markdown';

const names = ['protocol.md', 'rest.md', 'classic.md'];
const protocol = names.map(readPage).join('\n');
const blocks = names.flatMap((page) => jsonBlocks(readPage(page)).map((block) => ({ page, ...block })));
const labelled = (label: string) =>
  blocks.filter((block) => block.label === label).map(({ text }): unknown => JSON.parse(text));

const agent = { id: 'agent', name: 'Agent' };
/** When the page's connection begins. */
const joinedAt = Date.parse('2026-02-03T10:00:00.000Z');

/** What an example of an envelope becomes in the classic dialect. */
function toClassicFrames(example: unknown): unknown[] {
  const direct = directSchema.safeParse(example);
  const texts = direct.success
    ? encodeClassicDirect(direct.data, joinedAt)
    : encodeClassic(z.union([loggedSchema, ephemeralSchema]).parse(example), agent);
  return texts.map((text): unknown => JSON.parse(text));
}

const classicOfPage = labelled('envelope').flatMap(toClassicFrames);

describe('Every example of the protocol', () => {
  const errorBodySchema = z.strictObject({
    error: z.strictObject({
      code: z.enum(Object.keys(errorCodes) as WireCode[]),
      message: z.string(),
      details: z.strictObject({ hitl: requestViewSchema }).optional(),
    }),
  });
  const schemas: Record<string, z.ZodType> = {
    frame: clientFrameSchema,
    envelope: envelopeSchema,
    'inbox-frame': inboxFrameSchema,
    'inbox-envelope': inboxSchema,
    'classic-frame': classicFrameSchema,
    'rest-respond': verdictSchema,
    'rest-error': errorBodySchema,
  };

  test.each(blocks.filter(({ label }) => label !== 'classic'))(
    'is a good $label ($page:$line)',
    ({ label, text }) => {
      const schema = schemas[label];
      if (!schema) throw new Error(`no schema for ${label}`);
      const example: unknown = JSON.parse(text);
      // Equal, not only accepted: an unknown field would be dropped.
      expect(schema.parse(example)).toEqual(example);
    },
  );

  test.each(blocks.filter(({ label }) => label === 'classic'))(
    'is what the codec makes of another ($page:$line)',
    ({ text }) => {
      const example = JSON.parse(text);
      const made = classicOfPage.find((each) => JSON.stringify(each) === JSON.stringify(example));
      // Text against text, so that the order of the fields counts.
      expect(made).toEqual(example);
      if (!('event' in example)) expect(chatFrameSchema.parse(example)).toEqual(example);
    },
  );

  test('there is one of every frame and envelope', () => {
    const typesOf = (values: unknown[], key: string) =>
      new Set(values.map((value) => (value as Record<string, unknown>)[key]));
    expect(typesOf(labelled('frame'), 'type')).toEqual(
      new Set(clientFrameSchema.options.map(({ shape }) => shape.type.value)),
    );
    expect(typesOf(labelled('classic-frame'), 'type')).toEqual(
      new Set(classicFrameSchema.options.map(({ shape }) => shape.type.value)),
    );
    expect(typesOf(labelled('envelope'), 'event')).toEqual(
      new Set(envelopeSchema.options.map(({ shape }) => shape.event.value)),
    );
    expect(typesOf(labelled('inbox-envelope'), 'event')).toEqual(
      new Set(inboxSchema.options.map(({ shape }) => shape.event.value)),
    );
    expect(typesOf(labelled('inbox-frame'), 'type')).toEqual(new Set(['inbox_more']));
  });

  test('every error in an example has the words of its code, or better ones', () => {
    for (const example of labelled('rest-error')) {
      const { error } = errorBodySchema.parse(example);
      expect(error.message).toBe(errorCodes[error.code].message);
    }
  });
});

describe('Every table of fields', () => {
  const verdictViewSchema = requestViewSchema.shape.verdicts.unwrap().element;
  const executionSchema = requestViewSchema.shape.execution.unwrap();
  /** Names with `?` for what may be absent. */
  const fieldsOf = (shape: Record<string, z.ZodType>) =>
    Object.entries(shape).map(([name, schema]) => (schema.safeParse(undefined).success ? `${name}?` : name));
  const told = (heading: string) =>
    tableOf(section(protocol, heading), 'Field').rows.flatMap((row) => codes(row.Field ?? ''));
  const common = tableOf(section(protocol, '### Logged envelopes'), 'Common field').rows.flatMap((row) =>
    codes(row['Common field'] ?? ''),
  );

  const frames = [
    ...clientFrameSchema.options,
    ...inboxFrameSchema.options.filter(({ shape }) => shape.type.value === 'inbox_more'),
  ];

  test.each(frames.map(({ shape }) => [shape.type.value, shape] as const))(
    'of the frame %s is complete',
    (type, shape) => {
      expect(told(`### Frame \`${type}\``)).toEqual(fieldsOf(shape));
    },
  );

  test.each(loggedSchema.options.map(({ shape }) => [shape.event.value, shape] as const))(
    'of the logged envelope %s is complete',
    (event, shape) => {
      expect(common).toHaveLength(6);
      expect(new Set([...common, ...told(`### Envelope \`${event}\``)])).toEqual(new Set(fieldsOf(shape)));
    },
  );

  test.each(
    [...ephemeralSchema.options, ...directSchema.options, ...inboxSchema.options].map(
      ({ shape }) => [shape.event.value, shape] as const,
    ),
  )('of the envelope %s is complete', (event, shape) => {
    expect(new Set(told(`### Envelope \`${event}\``))).toEqual(new Set(fieldsOf(shape)));
  });

  test.each([
    ['session', sessionViewSchema],
    ['turn', turnViewSchema],
    ['message', messageViewSchema],
    ['hitl', requestViewSchema],
    ['policy', policySchema],
    ['verdict', verdictViewSchema],
    ['execution', executionSchema],
    ['grant', grantViewSchema],
    ['audit', auditViewSchema],
  ] as const)('of the view %s is complete', (name, schema) => {
    expect(new Set(told(`### View \`${name}\``))).toEqual(new Set(fieldsOf(schema.shape)));
  });

  test('of the display of a request is complete', () => {
    expect(told('### The display of a request')).toEqual(fieldsOf(displaySchema.shape));
  });

  test('of the chat frame is complete', () => {
    expect(told('## Chat frame')).toEqual(fieldsOf(chatFrameSchema.shape));
  });

  test('is of something that exists', () => {
    const headings = [...protocol.matchAll(/^### (Frame|Envelope|View) `(\w+)`$/gm)].map(
      ([, kind, name]) => `${kind} ${name}`,
    );
    const known = [
      ...frames.map(({ shape }) => `Frame ${shape.type.value}`),
      ...[...envelopeSchema.options, ...inboxSchema.options].map(
        ({ shape }) => `Envelope ${shape.event.value}`,
      ),
      ...['session', 'turn', 'message', 'hitl', 'policy', 'verdict', 'execution', 'grant', 'audit'].map(
        (name) => `View ${name}`,
      ),
    ];
    expect(new Set(headings)).toEqual(new Set(known));
    expect(headings).toHaveLength(known.length);
  });

  test('names every value that a field may have', () => {
    const valuesIn = (heading: string, field: string) => {
      const row = tableOf(section(protocol, heading), 'Field').rows.find(
        (each) => codes(each.Field ?? '')[0] === field,
      );
      return codes(row?.Type ?? '').map((code): unknown => JSON.parse(code));
    };
    const { status, reason } = turnEndedSchema.shape;
    expect(valuesIn('### View `turn`', 'status')).toEqual(turnViewSchema.shape.status.options);
    expect(valuesIn('### View `message`', 'type')).toEqual(messageViewSchema.shape.type.options);
    expect(valuesIn('### View `hitl`', 'status')).toEqual(requestViewSchema.shape.status.options);
    expect(valuesIn('### View `policy`', 'denial?')).toEqual(policySchema.shape.denial.unwrap().options);
    expect(valuesIn('### View `policy`', 'claim?')).toEqual(policySchema.shape.claim.unwrap().options);
    expect(valuesIn('### View `verdict`', 'status')).toEqual(verdictViewSchema.shape.status.options);
    expect(valuesIn('### View `execution`', 'state')).toEqual(executionSchema.shape.state.options);
    const { scope, args, state } = grantViewSchema.shape;
    expect(valuesIn('### View `grant`', 'scope')).toEqual(scope.options);
    expect(valuesIn('### View `grant`', 'args')).toEqual(args.options);
    expect(valuesIn('### View `grant`', 'state')).toEqual(state.options);
    expect(valuesIn('### View `audit`', 'event')).toEqual(auditEventSchema.options);
    expect(valuesIn('### View `audit`', 'via')).toEqual(viaSchema.options);
    expect(valuesIn('## Chat frame', 'type')).toEqual(chatFrameSchema.shape.type.options);
    expect(valuesIn('### Envelope `turn_ended`', 'status')).toEqual(status.options);
    expect(valuesIn('### Envelope `turn_ended`', 'reason?')).toEqual(reason.unwrap().options);
    expect(valuesIn('### Frame `hitl_respond`', 'status')).toEqual(verdictSchema.shape.status.options);
  });
});

describe('Every envelope', () => {
  const events = envelopeSchema.options.map(({ shape }) => shape.event.value);

  test('has one delivery class', () => {
    const { rows } = tableOf(section(protocol, '## Delivery'), 'Class');
    const listed = rows.flatMap((row) => codes(row.Envelopes ?? ''));
    expect(listed.toSorted()).toEqual(events.toSorted());
    const ephemeral = rows.find((row) => row.Class === 'ephemeral');
    expect(codes(ephemeral?.Envelopes ?? '')).toEqual(
      ephemeralSchema.options.map(({ shape }) => shape.event.value),
    );
  });

  test('has its form in the classic dialect, or none', () => {
    const { rows } = tableOf(section(protocol, '## Frames it receives'), 'Envelope');
    expect(new Set(rows.map((row) => codes(row.Envelope ?? '')[0]))).toEqual(new Set(events));
    const types = rows.flatMap((row) => codes(row.Envelope ?? '').slice(1));
    expect(types.toSorted()).toEqual(messageViewSchema.shape.type.options.toSorted());
    for (const row of rows.filter((each) => each.Classic === 'nothing')) {
      const [event] = codes(row.Envelope ?? '');
      const examples = labelled('envelope').filter((each) => (each as { event: string }).event === event);
      expect([event, examples.flatMap(toClassicFrames)]).toEqual([event, []]);
    }
  });
});
