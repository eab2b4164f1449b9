/** The AsyncAPI document of the sockets, made from the schemas of frames and envelopes; the router serves it. */
import type { z } from 'zod';
import { chatFrameSchema } from '../../protocol/chat-frames';
import { classicFrameSchema, clientFrameSchema, inboxFrameSchema } from '../../protocol/client-frames';
import { subprotocol } from '../../protocol/codec';
import {
  ackSchema,
  envelopeSchema,
  errorSchema,
  goingAwaySchema,
  pongSchema,
} from '../../protocol/envelopes';
import { inboxSchema } from '../../protocol/inbox-envelopes';
import { type JsonSchema, jsonSchemasOf, protocolVersion, schemaUri } from './schemas';

/** Messages by name: what travels one way on one socket. */
type Messages = Readonly<Record<string, z.ZodType>>;

/** One socket: where it is, and what travels on it in which direction. */
interface Socket {
  address: string;
  summary: string;
  parameters?: JsonSchema;
  query?: JsonSchema;
  /** None: the classic dialect. */
  subprotocol?: string;
  frames: Messages;
  envelopes: Messages;
}

const text = { type: 'string' };
const ticket = {
  address: '/ws/chat/ticket/{ticketId}',
  parameters: { ticketId: { description: 'The room.' } },
};
const ticketQuery = {
  tab: text,
  session_id: text,
  after: { type: 'string', pattern: '^[\\w-]{1,64}:\\d{1,15}$' },
};

const sockets: Readonly<Record<string, Socket>> = {
  ticket: {
    ...ticket,
    summary: 'A ticket: the room people and agents meet in.',
    query: ticketQuery,
    subprotocol,
    frames: byTag(clientFrameSchema.options, 'type', 'Frame'),
    envelopes: byTag(envelopeSchema.options, 'event', 'Envelope'),
  },
  classicTicket: {
    ...ticket,
    summary: 'A ticket for the front end of the reference system, which offers no subprotocol.',
    query: ticketQuery,
    frames: byTag(classicFrameSchema.options, 'type', 'ClassicFrame'),
    envelopes: { ChatFrame: chatFrameSchema },
  },
  inbox: {
    address: '/ws/inbox',
    summary: 'An inbox: the requests of all tickets that one may answer.',
    query: { type: text, tool_name: text, ticket_id: text, order: text, limit: text },
    subprotocol,
    frames: byTag(inboxFrameSchema.options, 'type', 'Frame'),
    envelopes: byTag(
      [...inboxSchema.options, ackSchema, errorSchema, pongSchema, goingAwaySchema],
      'event',
      'Envelope',
    ),
  },
};

/** An AsyncAPI 3.0 document, as seen by the server. */
export function asyncApiOf(): JsonSchema {
  const named = Object.assign(
    {},
    ...Object.values(sockets).flatMap(({ frames, envelopes }) => [frames, envelopes]),
  );
  const entries = Object.entries(sockets);
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'express-hitl',
      version: protocolVersion,
      description:
        'Addresses are below the path where the app mounts the hub. One JSON object per text frame.',
    },
    defaultContentType: 'application/json',
    channels: Object.fromEntries(entries.map(([name, socket]) => [name, channelObject(socket)])),
    operations: Object.fromEntries(
      entries.flatMap(([name, { frames, envelopes }]) => [
        [`${name}Frames`, operationObject('receive', name, frames)],
        [`${name}Envelopes`, operationObject('send', name, envelopes)],
      ]),
    ),
    components: {
      messages: Object.fromEntries(
        Object.keys(named).map((name) => [name, { name, payload: { $ref: schemaUri(name) } }]),
      ),
      schemas: jsonSchemasOf(named, 'draft-7'),
    },
  };
}

function channelObject({
  address,
  summary,
  parameters,
  query,
  frames,
  envelopes,
  ...socket
}: Socket): JsonSchema {
  const names = Object.keys({ ...frames, ...envelopes });
  return {
    address,
    summary,
    ...(parameters && { parameters }),
    messages: Object.fromEntries(names.map((name) => [name, { $ref: `#/components/messages/${name}` }])),
    bindings: {
      ws: {
        method: 'GET',
        ...(query && { query: { type: 'object', properties: query } }),
        ...(socket.subprotocol && {
          headers: {
            type: 'object',
            properties: { 'Sec-WebSocket-Protocol': { type: 'string', const: socket.subprotocol } },
          },
        }),
        bindingVersion: '0.1.0',
      },
    },
  };
}

function operationObject(action: 'send' | 'receive', channel: string, messages: Messages): JsonSchema {
  return {
    action,
    channel: { $ref: `#/channels/${channel}` },
    messages: Object.keys(messages).map((name) => ({ $ref: `#/channels/${channel}/messages/${name}` })),
  };
}

/** The members of a union, each named by what distinguishes it from the others: `hitl_respond` becomes `HitlRespondFrame`. */
function byTag(options: readonly z.ZodObject[], tag: 'type' | 'event', suffix: string): Messages {
  return Object.fromEntries(options.map((option) => [`${pascal(literalOf(option, tag))}${suffix}`, option]));
}

function literalOf({ shape }: z.ZodObject, tag: string): string {
  return String((shape[tag] as z.ZodLiteral).value);
}

function pascal(snake: string): string {
  return snake.replace(/(?:^|_)(\w)/g, (_all, letter: string) => letter.toUpperCase());
}
