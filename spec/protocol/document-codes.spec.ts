/** Holds the codes and limits of `docs/protocol.md` and the pages beside it and the code together. */
import { maxNamed } from '../../lib/actors/answer-policy';
import { errorCodes, type WireCode } from '../../lib/errors';
import { maxInboxes, maxInboxesPerUser } from '../../lib/hub/inbox/inbox';
import { maxPayloadBytes } from '../../lib/hub/kinds/kinds';
import { maxAnswersBytes } from '../../lib/hub/requests/answer-size';
import { maxNameLength } from '../../lib/hub/tickets/client';
import { maxReplay, maxReplayBytes, snapshotMessages } from '../../lib/hub/tickets/opening';
import { maxOutputBytes } from '../../lib/hub/turns/outputs';
import { maxQueuedTurns } from '../../lib/hub/turns/queues';
import { maxCaughtUp, maxStreams } from '../../lib/hub/turns/streams';
import { maxIntentLength } from '../../lib/hub/turns/turns';
import { maxCommentLength, maxFrameBytes, maxIdLength } from '../../lib/protocol/client-frames';
import { classicCloseCode, closeCodes } from '../../lib/protocol/close-codes';
import { maxDepth } from '../../lib/protocol/exact-json';
import {
  maxCounted,
  maxLogBytes,
  maxPageBytes,
  maxStateBytes,
  maxTimelineBytes,
} from '../../lib/store/shared/limits';
import { maxPrincipals } from '../../lib/transport/core/access';
import {
  maxQueuedBytes,
  maxQueuedFrames,
  pressureBytes,
  pressureFrames,
} from '../../lib/transport/core/connection';
import { maxFramesInFlight } from '../../lib/transport/core/seat';
import { codes, readPage, section, tableOf, tables } from './markdown';

const protocol = readPage('protocol.md');
const errors = readPage('errors.md');
const beside = ['rest.md', 'classic.md'].map(readPage).join('\n');

describe('Every error code', () => {
  const rows = tables(errors)
    .filter(({ header }) => header[0] === 'Code')
    .flatMap((table) => table.rows);

  test('is on the page once, with its status', () => {
    const onPage = rows.map((row) => [codes(row.Code ?? '')[0], Number(row.Status)]);
    const inCode = Object.entries(errorCodes).map(([code, { status }]) => [code, status]);
    expect(onPage.toSorted()).toEqual(inCode.toSorted());
  });

  test.each(rows)('says where it occurs, what it means and what to do: $Code', (row) => {
    const places = (row.Where ?? '').split(', ');
    const known = ['handshake', 'socket', 'REST', 'hub API'];
    expect(places.filter((place) => !known.includes(place))).toEqual([]);
    expect(row.Meaning).toMatch(/\w/);
    expect(row['What to do']).toMatch(/\w/);
  });

  test('in a table of violations exists, and occurs on a socket', () => {
    const named = tables(section(protocol, '## Frames: what a client sends'))
      .filter(({ header }) => header.includes('Code'))
      .flatMap((table) => table.rows.flatMap((row) => codes(row.Code ?? '')));
    expect(named.length).toBeGreaterThan(20);
    for (const code of named) {
      expect(Object.keys(errorCodes)).toContain(code);
      const row = rows.find((each) => codes(each.Code ?? '')[0] === code);
      expect([code, row?.Where]).toEqual([code, expect.stringContaining('socket')]);
    }
  });

  test('of the handshake is in its table with its status, and the other way round', () => {
    const checks = ['### Handshake', '## The inbox'].flatMap(
      (heading) => tableOf(section(protocol, heading), 'Check').rows,
    );
    const refusals = checks.filter((row) => row.Status !== "the app's");
    for (const row of refusals) {
      const [code = ''] = codes(row.Code ?? '');
      expect([code, Number(row.Status)]).toEqual([code, errorCodes[code as WireCode]?.status]);
    }
    const inTable = new Set(refusals.map((row) => codes(row.Code ?? '')[0]));
    const onPage = rows
      .filter((row) => (row.Where ?? '').split(', ').includes('handshake'))
      .map((row) => codes(row.Code ?? '')[0]);
    // A fault of the hub may come at any step.
    expect(new Set([...inTable, 'internal'])).toEqual(new Set(onPage));
  });
});

describe('Every close code', () => {
  const rows = tableOf(section(protocol, '## Close codes'), 'Code').rows;

  test('is in the table once, with its name, its form in the classic dialect and whether to come back', () => {
    const onPage = rows.map((row) => [
      Number(row.Code),
      codes(row.Name ?? '')[0],
      row['Come back'],
      Number(row.Classic),
    ]);
    const inCode = (Object.keys(closeCodes) as (keyof typeof closeCodes)[]).map((name) => [
      closeCodes[name].code,
      name,
      closeCodes[name].comeBack ? 'yes' : 'no',
      classicCloseCode(name),
    ]);
    expect(onPage).toEqual(inCode);
  });

  test('that is named anywhere on the pages exists', () => {
    const known = new Set<number>([...Object.values(closeCodes).map(({ code }) => code), 1005, 1006]);
    const text = `${protocol}${beside}${errors}`.replaceAll(/^```[\s\S]*?^```$/gm, '');
    const named = [...text.matchAll(/(?<![\d,.])(?:10[01]\d|4[45]\d\d)(?![\d,])/g)].map(([code]) =>
      Number(code),
    );
    expect(named.length).toBeGreaterThan(40);
    expect(named.filter((code) => !known.has(code))).toEqual([]);
  });
});

test('Every limit is the one that is enforced', () => {
  const { rows } = tableOf(section(protocol, '## Limits'), 'Limit');
  expect(rows.map((row) => [row.Limit, Number(row.Value?.replaceAll(',', ''))])).toEqual([
    ['Bytes of a frame, or of a REST body', maxFrameBytes],
    ["Characters of a frame's `id`, `request_id`, `turn_id`", maxIdLength],
    ['Characters of a comment, answer or reason', maxCommentLength],
    ['Levels of objects and arrays, the frame being the first', maxDepth],
    ['Characters of a ticket id or tab', maxNameLength],
    ['Frames of a connection not yet answered', maxFramesInFlight],
    ['Turns waiting in a session', maxQueuedTurns],
    ["Characters of a turn's `intent`", maxIntentLength],
    ['Bytes of one message of the agent', maxOutputBytes],
    ['Messages of one turn that grow at a time', maxStreams],
    [
      'Characters sent to a client that joins, of messages that grow in its ticket and are not committed',
      maxCaughtUp,
    ],
    ["Bytes of a request's payload as JSON", maxPayloadBytes],
    [
      "Bytes of an answer's response, together with the verdicts of others on the request, as JSON",
      maxAnswersBytes,
    ],
    ['Clients in a ticket, unless the app says otherwise', 10],
    ['Of these, clients of one person, unless the app says otherwise (half, rounded up, at least 2)', 5],
    ['Clients of one person in all tickets of a process, unless the app says otherwise', 256],
    ['Envelopes repeated on resume', maxReplay],
    ['Bytes repeated on resume, as JSON', maxReplayBytes],
    ['Messages in a snapshot', snapshotMessages],
    ['Bytes of messages in a snapshot, as JSON with what they said before', maxLogBytes],
    ['Bytes of requests in a snapshot, as JSON', maxStateBytes],
    ['Bytes of a page of requests, of an inbox or of an audit, as JSON', maxPageBytes],
    ['Bytes of a page of a timeline, as JSON', maxTimelineBytes],
    ['Users and groups named in a stage of a policy, or to escalate to', maxNamed],
    ['Requests of an inbox that are counted', maxCounted],
    ['Inboxes that one user has open', maxInboxesPerUser],
    ['Inboxes open in one process', maxInboxes],
    ['Groups and tickets of the owner of an inbox', maxPrincipals],
    ['Frames waiting for a client', maxQueuedFrames],
    ['Bytes waiting for a client', maxQueuedBytes],
  ]);
  expect(section(protocol, '## Delivery')).toContain(
    `from ${pressureBytes.toLocaleString('en')} bytes on, or ${pressureFrames} frames`,
  );
});

test('Every link within the pages leads somewhere', () => {
  const anchors = (page: string) =>
    new Set(
      [...page.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
        heading
          .toLowerCase()
          .replaceAll(/[^\w\- ]/g, '')
          .replaceAll(' ', '-'),
      ),
    );
  const known: Readonly<Record<string, string>> = Object.fromEntries(
    [
      'protocol.md',
      'rest.md',
      'classic.md',
      'errors.md',
      'hitl.md',
      'mounting.md',
      'writing-a-client.md',
    ].map((name) => [name, readPage(name)]),
  );
  for (const page of ['protocol.md', 'rest.md', 'classic.md', 'errors.md']) {
    for (const [, file = '', anchor = ''] of (known[page] ?? '').matchAll(/\]\(([\w.-]*)#?([\w-]*)\)/g)) {
      const target = known[file || page];
      expect([page, file, target === undefined]).toEqual([page, file, false]);
      if (anchor !== '')
        expect([page, anchor, anchors(target ?? '').has(anchor)]).toEqual([page, anchor, true]);
    }
  }
});
