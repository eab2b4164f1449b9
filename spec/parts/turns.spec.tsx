/** What the lines of turns say: what is waited for, why one is stuck, and what is asked before something is done. */
import { act, cleanup, fireEvent, render, screen } from '@testing-library/react';
import type { ReactNode } from 'react';
import { TicketError, type ViewedTurn } from '../../lib/client';
import { StuckTurn } from '../../lib/parts/stuck-turn';
import { clockTime } from '../../lib/parts/times';
import { AskedStep, TurnError } from '../../lib/parts/turn-steps';
import { TurnWaitsFor } from '../../lib/parts/turn-wait';
import { HitlProvider, type Turn } from '../../lib/react';
import { base } from './card';

const day = 24 * 60 * 60 * 1_000;
const ago = (ms: number) => new Date(Date.now() - ms).toISOString();

function draw(content: ReactNode): HTMLElement {
  cleanup();
  return render(<HitlProvider url="/soc">{content}</HitlProvider>).container;
}

const isolate = { ...base, id: 'r-9', payload: { tool_name: 'isolate_host', tool_args: {} } };

describe('What it waits for', () => {
  const wait = (more: object = {}) => ({ since: ago(2 * day), request_ids: ['r-9'], ...more });
  const words = (node: HTMLElement) => node.textContent?.replaceAll('\u2068', '').replaceAll('\u2069', '');
  const line = (more: object, requests = [isolate], onLook = jest.fn()) => ({
    onLook,
    drawn: draw(<TurnWaitsFor wait={wait(more)} requests={requests} agentName="Warren" onLook={onLook} />),
  });

  test('is named, with the day since when, and leads to its card', () => {
    const { drawn, onLook } = line({});
    const weekday = new Date(ago(2 * day)).toLocaleDateString([], { weekday: 'short' });
    expect(words(drawn)).toBe(`Warren waits for: isolate_host, since ${weekday}`);
    fireEvent.click(screen.getByRole('button', { name: 'isolate_host' }));
    expect(onLook.mock.calls).toEqual([['r-9']]);
  });

  test('is counted where the page does not know it, and named up to five times', () => {
    expect(words(line({ request_ids: ['a', 'b'] }, []).drawn)).toContain('waits for: 2 requests');
    expect(words(line({ request_ids: ['r-9', 'b'] }).drawn)).toContain('waits for: isolate_host and 1 more');
    const many = Array.from({ length: 8 }, (_, at) => ({ ...isolate, id: `r-${at}` }));
    const { drawn } = line({ request_ids: many.map(({ id }) => id) }, many);
    expect(drawn.querySelectorAll('button')).toHaveLength(5);
    expect(words(drawn)).toContain('and 3 more');
  });

  test('may be a time alone, or at most until a time', () => {
    const until = new Date(Date.now() + 40 * day).toISOString();
    expect(words(line({ request_ids: [], until }, []).drawn)).toBe(
      `Warren waits until ${clockTime(until, Date.now())}`,
    );
    expect(words(line({ until }).drawn)).toContain(`, at most until ${clockTime(until, Date.now())}`);
    expect(words(line({ request_ids: [] }, []).drawn)).toBe('Warren waits');
  });
});

describe('A stuck turn', () => {
  const changed = {
    reason: 'changed' as const,
    at: ago(3 * day),
    message: 'Recorded call 2 is not made',
    recorded: 'step:lookup#1\u202e',
    instead: ['say:trace#1', 'say:trace#2', 'say:trace#3', 'say:trace#4', 'say:trace#5', 'say:trace#6'],
  };
  const stuck = (problem: ViewedTurn['problem'], more: Partial<Turn> = {}) => {
    const turn: ViewedTurn = {
      ...{ id: 't-1', session_id: 's-1', status: 'stuck', started_at: ago(4 * day) },
      ...(problem && { problem }),
    };
    const done = async () => ({ ok: true as const, turnId: 't-1' });
    const does = { retry: jest.fn(done), startOver: jest.fn(done), cancel: jest.fn(done) };
    const desk: Turn = { turn, waitsFor: [], busy: undefined, error: undefined, ...does, ...more };
    const drawn = draw(<StuckTurn turn={turn} desk={desk} agentName="Warren" />);
    return { drawn, ...does };
  };

  test('says in words why, which call was recorded and what came instead, with hidden signs named', () => {
    const { drawn } = stuck(changed);
    expect(drawn.querySelector('[role=alert]')?.textContent).toMatch(/^Warren is stuck since \w+/);
    expect(drawn.textContent).toContain('The code of the agent has changed');
    expect([...drawn.querySelectorAll('dt, dd')].map(({ textContent }) => textContent)).toEqual([
      'Recorded',
      'step:lookup#1U+202E',
      'Came instead',
      ...changed.instead.slice(0, 5),
      'and 1 more',
    ]);
  });

  test('says what the server says of it where there are no calls, and stands where nothing is said', () => {
    const crashing = { reason: 'crashing' as const, at: ago(day), message: 'Three processes ended' };
    const { drawn } = stuck(crashing);
    expect(drawn.textContent).toMatch(/The server went down each time.*Three processes ended/s);
    expect(stuck({ ...crashing, reason: 'too_long' }).drawn.textContent).toContain(
      'more than can be recorded',
    );
    expect(stuck(undefined).drawn.querySelectorAll('button')).toHaveLength(3);
  });

  test('is tried again at once; the other two ask first', () => {
    const { retry, startOver, cancel } = stuck(changed);
    fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
    expect(retry).toHaveBeenCalledTimes(1);
    fireEvent.click(screen.getByRole('button', { name: 'Start over' }));
    expect(startOver).not.toHaveBeenCalled();
    expect(screen.getByRole('group', { name: /begins again at the top/ })).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'Really start over' }));
    expect(startOver).toHaveBeenCalledTimes(1);
    fireEvent.click(screen.getByRole('button', { name: 'Cancel' }));
    fireEvent.click(screen.getByRole('button', { name: 'Really cancel' }));
    expect(cancel).toHaveBeenCalledTimes(1);
    expect([retry, startOver].map(({ mock }) => mock.calls.length)).toEqual([1, 1]);
  });

  test('takes nothing more while something is under way', () => {
    stuck(changed, { busy: 'retry' });
    for (const name of ['Sending…', 'Start over'])
      expect(screen.getByRole<HTMLButtonElement>('button', { name }).disabled).toBe(true);
  });
});

test('A step that asks first goes back with Escape, to where the person was, and takes no double click for a yes', () => {
  const onDo = jest.fn();
  draw(
    <AskedStep what="It ends" really="Really" isBusy={false} className="hitl-button" onDo={onDo}>
      End
    </AskedStep>,
  );
  const button = screen.getByRole('button', { name: 'End' });
  act(() => button.focus());
  fireEvent.click(button);
  expect(document.activeElement?.textContent).toBe('Back');
  fireEvent.keyDown(document.activeElement ?? document.body, { key: 'Escape' });
  expect(document.activeElement?.textContent).toBe('End');
  fireEvent.click(screen.getByRole('button', { name: 'End' }));
  fireEvent.click(screen.getByRole('button', { name: 'Back' }));
  expect(document.activeElement?.textContent).toBe('End');
  fireEvent.click(screen.getByRole('button', { name: 'End' }), { detail: 1 });
  fireEvent.click(screen.getByRole('button', { name: 'Really' }), { detail: 2 });
  expect(onDo).not.toHaveBeenCalled();
  fireEvent.click(screen.getByRole('button', { name: 'Really' }), { detail: 1 });
  expect(onDo).toHaveBeenCalledTimes(1);
});

test('Why something was refused is said in words about work, else as the server says it', () => {
  const error = (code: ConstructorParameters<typeof TicketError>[0]) =>
    draw(<TurnError error={new TicketError(code, 'As the server says')} />).textContent;
  expect(error('not_allowed')).toBe('You may not do this to the work of this ticket. Another person has to.');
  expect(error('turn_stuck')).toBe('It is not stuck any more.');
  expect(error('internal')).toBe('As the server says');
  expect(draw(<TurnError error={undefined} />).textContent).toBe('');
});
