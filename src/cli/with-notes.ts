import { sanitizeText } from '../cni/sanitize-text.ts';

/** A table with what is to be said about it below, a line each: for where there is no second stream to say it on. */
export function withNotes(table: string, notes: readonly string[]): string {
  const lines = notes.map((note) => `${sanitizeText(note)}\n`).join('');
  return table === '' || lines === '' ? table + lines : `${table}\n${lines}`;
}
