// How often a second SQLite makes one row durable, with the settings of the ledger (WAL, synchronous=FULL): what the disk gives to
// whoever does not gather requests.

import { DatabaseSync } from 'node:sqlite';
import { serveWorker } from './run-worker.ts';

await serveWorker('sqlite-commits.ts', ({ path, durationMs }) => {
  using database = new DatabaseSync(path);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  database.exec('CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY, text TEXT NOT NULL)');
  const insert = database.prepare('INSERT INTO rows (text) VALUES (?)');
  const text = 'r'.repeat(400);
  const startedMs = performance.now();
  let commits = 0;
  for (; performance.now() - startedMs < durationMs; commits++) insert.run(text);
  return (commits * 1000) / (performance.now() - startedMs);
});
