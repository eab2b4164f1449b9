/** What a strict schema says of a field that it does not have: the name, the nearest known one, and what to do instead; schemas hand it to zod. */
import type { z } from 'zod';
import { nearestName } from './nearest-name';

/** Names listed in one message. */
const maxListed = 5;

/**
 * The `error` of a strict object's schema; other issues keep zod's own words.
 * @param known the names that the object has
 * @param advice a sentence on where such a field belongs
 */
export function unknownField(known: readonly string[], advice = '') {
  return (issue: z.core.$ZodRawIssue): string | undefined => {
    if (issue.code !== 'unrecognized_keys') return undefined;
    const words = issue.keys.slice(0, maxListed).map((key) => {
      const nearest = nearestName(key, known);
      return nearest
        ? `unknown field "${shortened(key)}" (did you mean "${nearest}"?)`
        : `unknown field "${shortened(key)}"`;
    });
    const more = issue.keys.length > maxListed ? [`and ${issue.keys.length - maxListed} more`] : [];
    return [[...words, ...more].join(', '), advice].filter((part) => part !== '').join('; ');
  };
}

function shortened(key: string): string {
  return key.length > 64 ? `${key.slice(0, 64)}…` : key;
}
