import { sanitizeText } from '../cni/sanitize-text.ts';
import type { MigrationReport, PoolMigration } from '../migration/migration-report.ts';
import { countText } from './count-text.ts';
import { type Cell, type Column, formatTable, type TextOptions } from './table.ts';

const columns: readonly Column[] = [
  { title: 'POOL', fit: 'cut' },
  { title: 'RECORDS', align: 'right' },
  { title: 'WRITTEN', align: 'right' },
  { title: 'THERE ALREADY', align: 'right' },
  { title: 'CONFLICTS', align: 'right' },
  { title: 'FREED', align: 'right' },
  { title: 'DONE' },
];

/** What a migration did with each pool, what a person should look at, and a line that sums it up. */
export function migrationText(report: MigrationReport, options: TextOptions = {}): string {
  const table = report.pools.length === 0 ? '' : formatTable(columns, report.pools.map(row), options);
  const notes = [...report.pools.flatMap(poolNotes), ...report.notes];
  const lines = notes.map((note) => `${sanitizeText(note)}\n`).join('');
  return [table, lines, `${migrationSummary(report)}\n`].filter((part) => part !== '').join('\n');
}

/** One line: how many records of how many pools, and endpoints. */
export function migrationSummary({ direction, dryRun, endpoints, pools }: MigrationReport): string {
  const written = pools.reduce((sum, pool) => sum + pool.written, 0);
  const records = `${countText(written, 'record')} of ${countText(pools.length, 'pool')}`;
  const where = direction === 'forward' ? 'into address blocks' : "into the pools' status";
  const finalizers = `finalizers of ${countText(endpoints, 'SpiderEndpoint')} ${direction === 'forward' ? 'taken off' : 'put on'}`;
  return `${records} ${dryRun ? 'would be written' : 'written'} ${where}, ${finalizers}`;
}

function row(pool: PoolMigration): readonly Cell[] {
  const counts = [pool.records, pool.written, pool.standing, pool.conflicts, pool.freed].map(String);
  return [pool.pool, ...counts, pool.done ? 'yes' : { text: 'no', style: 'red' }];
}

function poolNotes({ pool, problem, notes, notesLeftOut }: PoolMigration): readonly string[] {
  return [
    ...(problem === undefined ? [] : [`pool ${pool}: ${problem}`]),
    ...notes.map((note) => `pool ${pool}: ${note}`),
    ...(notesLeftOut === 0 ? [] : [`pool ${pool}: ${notesLeftOut} more like these`]),
  ];
}
