import { quote } from './quote.ts';

const plainKey = /^[A-Za-z_][\w-]*$/;
const segment = /\[([^\]]*)\]|([^.[\]]+)/g;

/**
 * Path of a key below `parent`: `spec.gateway`, or `metadata.labels[a.b/c]` when the key has other characters than a name.
 * What a terminal would not print is escaped.
 */
export function keyPath(parent: string, key: string): string {
  if (!plainKey.test(key)) return `${parent}[${quote(key).slice(1, -1)}]`;
  return parent === '' ? key : `${parent}.${key}`;
}

/** Path of a list's element: `spec.ips[0]`. */
export function indexPath(parent: string, index: number): string {
  return `${parent}[${index}]`;
}

/** The keys and indices of a path that `keyPath` and `indexPath` made; an index is its decimal text. */
export function pathSegments(path: string): string[] {
  return Array.from(path.matchAll(segment), (match) => match[1] ?? match[2] ?? '');
}

/** The path without the indices of list elements: what stays the same when elements move. */
export function pathWithoutIndices(path: string): string {
  return path.replaceAll(/\[\d+\]/g, '[]');
}
