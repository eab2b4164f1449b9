/** The server's time on a page whose own clock is wrong, as envelopes and REST answers say it. */
import type { Envelope } from '../../lib/client';
import { ServerClock } from '../../lib/react/server-clock';
import { ManualClock } from '../../lib/testing/manual-clock';

const hour = 3_600_000;

function pageAnHourLate() {
  const page = new ManualClock();
  const server = page.now() + hour;
  const clock = new ServerClock(page);
  const hear = (event: string, at: number) =>
    clock.hear({ event, timestamp: new Date(at).toISOString() } as Envelope);
  return { page, server, clock, hear };
}

test('Until anything has said the time it is the page’s own', () => {
  const { page, clock } = pageAnHourLate();
  expect(clock.now()).toBe(page.now());
});

test('After a welcome it is the server’s, and goes on with the page’s clock', () => {
  const { page, server, clock, hear } = pageAnHourLate();
  hear('welcome', server);
  expect(clock.now()).toBe(server);
  page.advance(1_500);
  expect(clock.now()).toBe(server + 1_500);
});

test('What was slow to come, or is repeated later, does not set it back; what came faster sets it ahead', () => {
  const { server, clock, hear } = pageAnHourLate();
  hear('welcome', server - 300);
  hear('session_message_added', server - hour);
  expect(clock.now()).toBe(server - 300);
  hear('session_message_added', server - 20);
  expect(clock.now()).toBe(server - 20);
});

test('A server whose clock was set back is believed with the next welcome', () => {
  const { server, clock, hear } = pageAnHourLate();
  hear('welcome', server);
  hear('inbox_snapshot', server - 5_000);
  expect(clock.now()).toBe(server - 5_000);
});

test('Where no socket says it, the Date header of REST does; a socket knows better', () => {
  const { server, clock, hear } = pageAnHourLate();
  clock.hearDate(new Date(server).toUTCString());
  expect(Math.abs(clock.now() - server)).toBeLessThan(1_000);
  clock.hearDate(null);
  clock.hearDate('yesterday');
  hear('session_message_added', server - 40);
  expect(clock.now()).toBe(server - 40);
  clock.hearDate(new Date(server + hour).toUTCString());
  expect(clock.now()).toBe(server - 40);
});

test('What has no time, or none that can be read, changes nothing', () => {
  const { page, clock } = pageAnHourLate();
  clock.hear({ event: 'pong', seq: 1 });
  clock.hear({ event: 'welcome', timestamp: 'soon' } as unknown as Envelope);
  expect(clock.now()).toBe(page.now());
});
