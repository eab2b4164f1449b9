/** What zod found wrong with a response, as a list of places and sentences, so that a page can show each at its field; `Kinds` sends it along. */
import type { z } from 'zod';

/** What is wrong, and where: `tool_args.hours`, `ports[2].from`; the path of the response itself is empty. */
export interface ResponseIssue {
  path: string;
  message: string;
}

/** Issues that are sent at most; the first of them. */
export const maxIssues = 50;
/** Characters of a path or a message that are sent at most. */
const maxText = 500;

type Path = readonly PropertyKey[];

/** All of it, the issues of a union's nearest branch and of a record's names among them. */
export function issuesOf(error: z.core.$ZodError): ResponseIssue[] {
  return error.issues
    .flatMap((issue) => spread(issue, []))
    .slice(0, maxIssues)
    .map(({ path, message }) => ({
      path: written(path).slice(0, maxText),
      message: message.slice(0, maxText),
    }));
}

interface Found {
  path: Path;
  message: string;
}

function spread(issue: z.core.$ZodIssue, outer: Path): Found[] {
  const path = [...outer, ...issue.path];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({ path: [...path, key], message: 'is not expected' }));
    case 'invalid_union': {
      const branches = issue.errors.map((errors) => errors.flatMap((each) => spread(each, path)));
      // One that is not of the type at all says nothing about what was meant.
      const near = branches.filter((found) => found.some((each) => each.path.length > path.length));
      const [nearest] = near.toSorted((a, b) => distance(a, path) - distance(b, path));
      return nearest ?? [{ path, message: said(issue) }];
    }
    case 'invalid_key':
      return issue.issues.map((each) => ({ path, message: said(each) }));
    default:
      return [{ path, message: said(issue) }];
  }
}

/** Of two branches the nearer has less wrong with it, and a wrong tag says that it is another. */
function distance(found: readonly Found[], path: Path): number {
  return found.length + (found.some((each) => each.path.length === path.length) ? maxIssues : 0);
}

function said({ code, message }: z.core.$ZodIssue): string {
  return code === 'invalid_type' && message.endsWith('received undefined') ? 'is required' : message;
}

function written(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    return text === '' ? String(step) : `${text}.${String(step)}`;
  }, '');
}
