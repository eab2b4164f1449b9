/** `HitlProvider`: says to the hooks below it where the hub is, and holds the connections they share. */
import { createContext, type ReactElement, type ReactNode, useContext, useMemo } from 'react';
import { type ConnectionOptions, Connections } from './connections';

const Shared = createContext<Connections | undefined>(undefined);

export interface HitlProviderProps extends ConnectionOptions {
  children?: ReactNode;
}

/**
 * Everything below shares one connection per ticket, opened by the first component that shows it and closed `lingerMs`
 * after the last. Another `url` begins again; other changes of its props have no effect.
 */
export function HitlProvider({ children, ...options }: HitlProviderProps): ReactElement {
  // biome-ignore lint/correctness/useExhaustiveDependencies: only another address is another hub
  const connections = useMemo(() => new Connections(options), [options.url]);
  return <Shared.Provider value={connections}>{children}</Shared.Provider>;
}

/** @throws Error outside a `HitlProvider` */
export function useConnections(): Connections {
  const connections = useContext(Shared);
  if (!connections) throw new Error('This hook needs a <HitlProvider> around its component');
  return connections;
}
