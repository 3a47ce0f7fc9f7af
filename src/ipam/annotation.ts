import { CniCode, CniError } from '../cni/error.ts';
import { FieldReader } from '../cni/field-reader.ts';
import { quoteText, sanitizeText } from '../cni/sanitize-text.ts';
import { jsonErrorOffset } from './json-error.ts';

/** A text of the cluster that selects something: what messages call it, and what a right one looks like. */
export interface AnnotationKind {
  /** Such as `pod annotation ipam.spidernet.io/ippool`. */
  readonly title: string;
  readonly example: string;
}

/**
 * Longest annotation that is read, in characters. 32 NICs with two pools of each family, names of 60 characters, take 8 KiB; all annotations of an
 * object together may have 256 KiB, and whoever makes pods must not keep a node's agent busy.
 */
const annotationLengthMax = 16 * 1024;

/** How much of the text before its sudden end a message shows, in characters. */
const shownBeforeEnd = 24;

/** The error for a bad annotation (code 105): its name, what is wrong, and a right one. */
export function annotationError({ title, example }: AnnotationKind, problem: string): CniError {
  return new CniError(
    CniCode.badSelection,
    sanitizeText(`${title}: ${problem}; write for example ${example}`),
  );
}

/**
 * Reads an annotation that is JSON. The value as a whole stands under the empty key of the reader, so that
 * `read('').list('', 9)` is a list that messages name by the annotation alone.
 *
 * @throws CniError with code 105 when it is no JSON; the reader throws the same for values of the wrong type
 */
export function readAnnotation(kind: AnnotationKind, text: string): FieldReader {
  checkLength(kind, text);
  const offset = jsonErrorOffset(text);
  if (offset !== undefined) throw annotationError(kind, syntaxProblem(text, offset));
  const value: unknown = JSON.parse(text);
  return new FieldReader({ '': value }, '', (problem) => annotationError(kind, problem));
}

/** @throws CniError with code 105 when the text is empty or longer than what is read */
export function checkLength(kind: AnnotationKind, text: string): void {
  if (text.trim() === '') throw annotationError(kind, 'is empty');
  if (text.length <= annotationLengthMax) return;
  const problem = `has ${text.length} characters, at most ${annotationLengthMax} are read; it begins with ${quoteText(text)}`;
  throw annotationError(kind, problem);
}

function syntaxProblem(text: string, offset: number): string {
  if (offset === text.length) {
    const last = text.slice(-shownBeforeEnd);
    return `is not JSON, it ends too early: after ${quoteText(last)} something is missing`;
  }
  return `is not JSON, character ${offset + 1} can't stand there: ${quoteText(text.slice(offset))}`;
}
