/** A page below a `HitlProvider` on a test hub, as a person has it open; the specs of the hooks look at these. */
import { act, configure, render, waitFor } from '@testing-library/react';
import { Fragment, type ReactNode, StrictMode } from 'react';
import type { WebSocket } from 'ws';
import type { Fetch } from '../../lib/client';
import { HitlProvider, type HitlProviderProps } from '../../lib/react';
import { frameMs } from '../../lib/react/changes';
import { ManualClock } from '../../lib/testing/manual-clock';
import type { TestHub } from '../../lib/testing/test-hub';
import { testSocket } from '../client/guest';

export interface PageOptions extends Partial<HitlProviderProps> {
  /** Default `alice`. */
  user?: string;
  /** Mounts everything twice, as React does in development. Default false. */
  strict?: boolean;
  /** Without a provider. Default false. */
  bare?: boolean;
}

export interface Page {
  /** Every socket that was ever opened. */
  sockets: WebSocket[];
  /** Every address that was read over REST. */
  reads: string[];
  /** Shows something else below the same provider. */
  show(children: ReactNode): void;
}

/**
 * Opens a page. It comes back without waiting, and lets go at once of what it does not show, unless the options say
 * otherwise.
 */
export function openPage(hub: TestHub, children: ReactNode, options: PageOptions = {}): Page {
  const { user = 'alice', strict = false, bare = false, ...props } = options;
  const sockets: WebSocket[] = [];
  const reads: string[] = [];
  const fetch: Fetch = (url, init) => {
    reads.push(url);
    return globalThis.fetch(url, { ...init, headers: { ...init.headers, 'x-user': user } });
  };
  const WebSocket = testSocket(hub, { user, sockets });
  const settings = { url: hub.url, WebSocket, fetch, random: () => 0, lingerMs: 0, ...props };
  const Frame = strict ? StrictMode : Fragment;
  const page = (shown: ReactNode) => (
    <Frame>{bare ? shown : <HitlProvider {...settings}>{shown}</HitlProvider>}</Frame>
  );
  const { rerender, unmount } = render(page(children));
  leaving.add(async () => {
    unmount();
    // A ticket that is not shown any more is left with the next turn of the clock.
    if (settings.clock instanceof ManualClock) settings.clock.advance(settings.lingerMs);
    else await new Promise((resolve) => setTimeout(resolve, settings.lingerMs));
    for (const socket of sockets) socket.terminate();
  });
  return { sockets, reads, show: (shown) => rerender(page(shown)) };
}

/** Waits until this holds, on a clock that goes on by the frames of a screen, a few at most. */
export async function untilOn(clock: ManualClock, check: () => void): Promise<void> {
  await waitFor(() => {
    act(() => clock.advance(frameMs));
    check();
  });
}

const leaving = new Set<() => Promise<void>>();

/** For `afterEach`. */
export async function leavePages(): Promise<void> {
  await Promise.all([...leaving].map((leave) => leave()));
  leaving.clear();
}

// A machine with much else to do is slow, and not wrong.
configure({ asyncUtilTimeout: 5_000 });

// What comes over a socket comes when it comes, as in a browser, and not when a test says so.
beforeEach(() => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: false });
});
