import type { Event } from 'js-yaml';
import { constructFromEvents, EVENT_ID, getScalarValue, parseEvents, YAMLException } from 'js-yaml';
import { pathSegments } from './field-path.ts';
import { kubernetesYamlSchema } from './yaml-schema.ts';

/** Nesting of collections at most; a pool has six levels. */
const depthMax = 32;
/** References to anchors at most: enough for people, too few to blow a small file up. */
const aliasesMax = 100;

/** One document of a YAML stream, with the places of its parts. */
export interface SourceDocument {
  readonly value: unknown;
  /** Line of a field, from 1, by its path (`spec.routes[0].gw`); of its nearest parent when the field is not written out. */
  lineOf(path: string): number;
}

/** The documents of a text, or where and why it is not YAML. */
export type SourceOutcome =
  | { readonly ok: true; readonly documents: readonly SourceDocument[] }
  | { readonly ok: false; readonly line: number; readonly message: string };

/** Where a node stands: for a value in a mapping, where its key stands. */
interface Place {
  readonly offset: number;
  /** By key, or by decimal index. */
  readonly parts: ReadonlyMap<string, Place>;
}

/** A position in the stream of events. */
interface Cursor {
  readonly events: readonly Event[];
  readonly source: string;
  next: number;
}

/**
 * Reads a YAML stream. JSON is YAML, so it is read too, with lines and duplicate keys found in the same way. Never throws; an
 * error in one document makes the whole text unreadable.
 */
export function parseSource(source: string): SourceOutcome {
  try {
    const events = parseEvents(source, { maxDepth: depthMax });
    const values = constructFromEvents(events, {
      source,
      schema: kubernetesYamlSchema,
      maxAliases: aliasesMax,
    });
    const cursor = { events, source, next: 0 };
    const lineStarts = findLineStarts(source);
    const documents = values.map((value) => {
      const root = readDocument(cursor);
      return { value, lineOf: (path: string) => lineAt(lineStarts, find(root, path)) };
    });
    return { ok: true, documents };
  } catch (error) {
    if (error instanceof YAMLException) {
      return { ok: false, line: (error.mark?.line ?? 0) + 1, message: error.reason };
    }
    // The library warns that hostile input can raise other errors (such as RangeError); the file is unreadable all the same.
    return { ok: false, line: 1, message: error instanceof Error ? error.message : String(error) };
  }
}

/** Offset of the deepest part of the path that is written out. */
function find(root: Place, path: string): number {
  let place = root;
  for (const segment of pathSegments(path)) {
    const part = place.parts.get(segment);
    if (part === undefined) break;
    place = part;
  }
  return place.offset;
}

function readDocument(cursor: Cursor): Place {
  cursor.next += 1; // the document itself
  const root = readNode(cursor, 0);
  cursor.next += 1; // its end
  return root;
}

/** @param fallback offset of the parent, for a node that is not written out */
function readNode(cursor: Cursor, fallback: number): Place {
  const event = cursor.events[cursor.next];
  cursor.next += 1;
  const parts = new Map<string, Place>();
  if (event?.type === EVENT_ID.MAPPING) {
    return { offset: event.start, parts: readMapping(cursor, event.start) };
  }
  if (event?.type === EVENT_ID.SEQUENCE) {
    return { offset: event.start, parts: readSequence(cursor, event.start) };
  }
  if (event?.type === EVENT_ID.SCALAR && event.valueStart >= 0) return { offset: event.valueStart, parts };
  if (event?.type === EVENT_ID.ALIAS) return { offset: event.anchorStart, parts };
  return { offset: fallback, parts };
}

function readMapping(cursor: Cursor, fallback: number): Map<string, Place> {
  const parts = new Map<string, Place>();
  while (!atEnd(cursor)) {
    const key = cursor.events[cursor.next];
    const name = key?.type === EVENT_ID.SCALAR ? getScalarValue(cursor.source, key) : '';
    const { offset } = readNode(cursor, fallback);
    parts.set(name, { ...readNode(cursor, offset), offset });
  }
  cursor.next += 1;
  return parts;
}

function readSequence(cursor: Cursor, fallback: number): Map<string, Place> {
  const parts = new Map<string, Place>();
  while (!atEnd(cursor)) parts.set(String(parts.size), readNode(cursor, fallback));
  cursor.next += 1;
  return parts;
}

function atEnd(cursor: Cursor): boolean {
  const event = cursor.events[cursor.next];
  return event === undefined || event.type === EVENT_ID.POP;
}

function findLineStarts(source: string): number[] {
  return [0, ...Array.from(source.matchAll(/\r\n|\n|\r/g), (match) => match.index + match[0].length)];
}

/** The line, from 1, that an offset lies in. */
function lineAt(lineStarts: readonly number[], offset: number): number {
  let low = 0;
  let high = lineStarts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((lineStarts[middle] ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
