import { numberOf, textOf } from './columns.ts';
import type { Database } from './database.ts';

/** A text that is kept beside the records. */
export interface StoredDocument {
  readonly name: string;
  readonly text: string;
  /** When it was written, in milliseconds since the epoch. */
  readonly savedMs: number;
}

/** Texts by name in the table `documents`. The caller holds the transaction. */
export class DocumentStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** All documents in the order of their names. */
  all(): StoredDocument[] {
    return this.#database.all('SELECT name, text, saved_ms FROM documents ORDER BY name').map((row) => ({
      name: textOf(row, 'name'),
      text: textOf(row, 'text'),
      savedMs: numberOf(row, 'saved_ms'),
    }));
  }

  put(document: StoredDocument): void {
    this.#database.run(
      'INSERT OR REPLACE INTO documents (name, text, saved_ms) VALUES (?, ?, ?)',
      document.name,
      document.text,
      document.savedMs,
    );
  }

  /** Returns false when there was none of that name. */
  remove(name: string): boolean {
    return this.#database.run('DELETE FROM documents WHERE name = ?', name) > 0;
  }
}
