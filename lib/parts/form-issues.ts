/** Which field shows which issue, so that none is without a place: the nearest that is drawn, else the part that shows the whole. */
import type { Issue } from '../react';
import { isObject } from './json';
import { type Field, fieldsOf, isAt, pathOf } from './schema-fields';
import { isMissing, itemsOf } from './schema-values';

/** The issues that belong to a field and to none within it. */
export function ownIssues(field: Field, value: unknown, issues: readonly Issue[]): Issue[] {
  return besides(
    issues.filter(({ path }) => isAt(path, field.path)),
    pathsWithin(field, value),
  );
}

/** The issues that no field at one of these paths shows. */
export function besides(issues: readonly Issue[], paths: readonly string[]): Issue[] {
  return issues.filter(({ path }) => !paths.some((ancestor) => isAt(path, ancestor)));
}

/** What the page and the server both found is said once. */
export function eachOnce(issues: readonly Issue[]): Issue[] {
  return issues.filter(
    ({ path, message }, at) =>
      issues.findIndex((each) => each.path === path && each.message === message) === at,
  );
}

/** The paths that a form shows as a whole; a group at the top has no place for what is wrong with all of it. */
export function pathsIn(field: Field, value: unknown): string[] {
  return field.control.kind === 'group' ? pathsWithin(field, value) : [field.path];
}

/** The paths of the fields that are drawn within this one. */
function pathsWithin(field: Field, value: unknown): string[] {
  switch (field.control.kind) {
    case 'group':
    case 'record': {
      if (!isObject(value) || isMissing(value)) return [];
      const names = fieldsOf(field).map(({ name }) => name);
      return [...new Set([...names, ...Object.keys(value)])].map((name) => pathOf(field, name));
    }
    case 'list':
      return Array.isArray(value) ? value.map((_, at) => `${field.path}[${at}]`) : [];
    case 'tuple':
      return Array.isArray(value) ? itemsOf(field, value.length).map(({ path }) => path) : [];
    case 'union':
      // The branch is drawn at the same path.
      return isMissing(value) ? [] : [field.path];
    default:
      return [];
  }
}
