/** What no honest client sends, byte by byte, and how docs/protocol.md says it is answered. */
import type { Random } from './random';

export interface Hostility {
  name: string;
  bytes(random: Random): Buffer;
  /** Close codes, or codes of an `error`, that are right; `any` where chance decides what it looks like. */
  answer: readonly (number | string)[] | 'any';
}

const limit = 65_536;
const text = 0x1;

interface FrameOptions {
  /** Default true. */
  fin?: boolean;
  /** Default true, as a client must. */
  masked?: boolean;
  /** The reserved bits. */
  reserved?: number;
  /** What the head says, if it is to lie. */
  length?: number;
}

function frame(opcode: number, payload: Buffer, random: Random, options: FrameOptions = {}): Buffer {
  const { fin = true, masked = true, reserved = 0, length = payload.length } = options;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = (fin ? 0x80 : 0) | (reserved << 4) | opcode;
  head[1] = (masked ? 0x80 : 0) | (length < 126 ? length : length < 65_536 ? 126 : 127);
  if (head.length === 4) head.writeUInt16BE(length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2);
  if (!masked) return Buffer.concat([head, payload]);
  const mask = random.bytes(4);
  return Buffer.concat([head, mask, payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0))]);
}

/** A text frame as it should be, with whatever text. */
function said(content: string): (random: Random) => Buffer {
  return (random) => frame(text, Buffer.from(content), random);
}

function message(fields: object): string {
  return JSON.stringify({ type: 'message', id: 'x', content: 'x', ...fields });
}

const broken = [1002];
const invalid = ['invalid_frame'];

export const hostilities: readonly Hostility[] = [
  {
    name: 'one byte too many',
    bytes: (random) => frame(text, Buffer.alloc(limit + 1, 'a'), random),
    answer: [1009],
  },
  {
    name: 'a head that promises a terabyte',
    bytes: (random) => frame(text, Buffer.from('{'), random, { length: 2 ** 40 }),
    answer: [1009],
  },
  {
    name: 'too much in small fragments',
    bytes: (random) =>
      Buffer.concat([
        frame(text, Buffer.alloc(1_000, 'a'), random, { fin: false }),
        ...Array.from({ length: 66 }, () => frame(0, Buffer.alloc(1_000, 'a'), random, { fin: false })),
      ]),
    answer: [1009],
  },
  { name: 'a binary frame', bytes: (random) => frame(0x2, random.bytes(20), random), answer: [1003] },
  {
    name: 'text that is not UTF-8',
    bytes: (random) => frame(text, Buffer.from([0x22, 0xc3, 0x28, 0x22]), random),
    answer: [1007],
  },
  {
    name: 'a frame that is not masked',
    bytes: (random) => frame(text, Buffer.from('{}'), random, { masked: false }),
    answer: broken,
  },
  {
    name: 'a reserved bit',
    bytes: (random) => frame(text, Buffer.from('{}'), random, { reserved: random.pick([1, 2, 4, 7]) }),
    answer: broken,
  },
  {
    name: 'a reserved opcode',
    bytes: (random) => frame(random.pick([3, 4, 5, 6, 7, 11, 12, 15]), Buffer.from('{}'), random),
    answer: broken,
  },
  {
    name: 'a ping of more than 125 bytes',
    bytes: (random) => frame(0x9, Buffer.alloc(126), random),
    answer: broken,
  },
  {
    name: 'a ping in fragments',
    bytes: (random) => frame(0x9, Buffer.alloc(1), random, { fin: false }),
    answer: broken,
  },
  {
    name: 'a continuation of nothing',
    bytes: (random) => frame(0, Buffer.from('{}'), random),
    answer: broken,
  },
  {
    name: 'a close with half a code',
    bytes: (random) => frame(0x8, Buffer.from([3]), random),
    answer: broken,
  },
  {
    name: 'a close with a code that must not travel',
    bytes: (random) => frame(0x8, Buffer.from([0x03, 0xed]), random),
    answer: broken,
  },
  { name: 'no JSON', bytes: said('{"type":"message",'), answer: invalid },
  { name: 'no object', bytes: said('[1,2,3]'), answer: [...invalid, 'unknown_type'] },
  { name: 'nothing', bytes: said(''), answer: invalid },
  { name: 'an unknown type', bytes: said(message({ type: 'drop' })), answer: ['unknown_type'] },
  { name: 'an id that is a number', bytes: said(message({ id: 1 })), answer: invalid },
  { name: 'an id without end', bytes: said(message({ id: 'x'.repeat(10_000) })), answer: invalid },
  {
    name: 'ten thousand levels',
    bytes: said(`{"type":"message","id":"x","content":"x","y":${'['.repeat(10_000)}${']'.repeat(10_000)}}`),
    answer: invalid,
  },
  {
    name: 'a prototype',
    bytes: said('{"type":"message","id":"x","content":"x","__proto__":{"admin":true}}'),
    answer: invalid,
  },
  {
    name: 'a thousand frames at once',
    bytes: (random) =>
      Buffer.concat(Array.from({ length: 1_000 }, () => frame(text, Buffer.from('{}'), random))),
    answer: ['unknown_type', 'rate_limited', 4429],
  },
  {
    name: 'an honest frame with a byte changed',
    bytes: (random) => {
      const bytes = said(message({ content: 'honest' }))(random);
      // Not its length, or the reader would not know that it is over.
      const at = random.pick([0, random.int(6, bytes.length - 1)]);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.int(0, 7));
      return Buffer.concat([bytes, frame(0x8, Buffer.from([0x03, 0xe8]), random)]);
    },
    answer: 'any',
  },
  {
    name: 'noise',
    bytes: (random) => Buffer.concat([random.bytes(random.int(2, 2_000)), Buffer.alloc(200)]),
    answer: 'any',
  },
];
