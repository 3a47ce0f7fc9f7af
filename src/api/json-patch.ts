import { isObject } from './decode.ts';
import { structurallyEqual } from './structurally-equal.ts';

/** One operation of a JSON Patch (RFC 6902) that adds, replaces or removes a member of an object. */
export interface JsonPatchOperation {
  readonly op: 'add' | 'replace' | 'remove';
  readonly path: string;
  readonly value?: unknown;
}

/**
 * The JSON Patch that turns one object into another. Objects are compared member by member, so that what neither of them knows stays
 * as it is; lists are replaced as a whole. A member that is undefined is missing.
 */
export function jsonPatchBetween(before: object, after: object): JsonPatchOperation[] {
  return [...operations(before, after, '')];
}

function* operations(before: object, after: object, path: string): Generator<JsonPatchOperation> {
  const old = new Map<string, unknown>(Object.entries(before));
  const now = new Map<string, unknown>(Object.entries(after));
  for (const [key, value] of old) {
    if (value !== undefined && now.get(key) === undefined)
      yield { op: 'remove', path: memberPath(path, key) };
  }
  for (const [key, value] of now) {
    const at = memberPath(path, key);
    const known = old.get(key);
    if (value === undefined || structurallyEqual(known, value)) continue;
    if (known === undefined) yield { op: 'add', path: at, value };
    else if (isObject(known) && isObject(value)) yield* operations(known, value, at);
    else yield { op: 'replace', path: at, value };
  }
}

/** RFC 6901: `~` and `/` are escaped. */
function memberPath(parent: string, key: string): string {
  return `${parent}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
