/** `useRest`: asks the hub for what no hook gives, such as the audit of a ticket; `useMount`: where that hub is. */
import { useConnections } from './provider';
import type { Rest } from './rest';

/** Stays the same while the address of the provider does. */
export function useRest(): Rest {
  return useConnections().rest;
}

/** The address of the provider, as it was given. */
export function useMount(): string {
  return useConnections().options.url;
}
