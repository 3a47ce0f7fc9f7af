import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MigrationReport } from '../migration/migration-report.ts';
import { emptyPoolMigration } from '../migration/migration-report.ts';
import { migrationText } from './migration-text.ts';

test('migrationText() prints a row for each pool, what is to be looked at, and the sum', () => {
  const report: MigrationReport = {
    direction: 'forward',
    dryRun: false,
    pools: [
      {
        ...emptyPoolMigration('a'),
        records: 12,
        written: 10,
        standing: 1,
        conflicts: 1,
        done: true,
        notes: ['10.6.0.1: taken\u0007'],
      },
      { ...emptyPoolMigration('b'), problem: "it can't be used", notesLeftOut: 3 },
    ],
    endpoints: 1,
    notes: ['the SpiderEndpoints keep their finalizers'],
  };
  assert.equal(
    migrationText(report),
    [
      'POOL  RECORDS  WRITTEN  THERE ALREADY  CONFLICTS  FREED  DONE',
      'a          12       10              1          1      0  yes',
      'b           0        0              0          0      0  no',
      '',
      String.raw`pool a: 10.6.0.1: taken\u0007`,
      "pool b: it can't be used",
      'pool b: 3 more like these',
      'the SpiderEndpoints keep their finalizers',
      '',
      '10 records of 2 pools written into address blocks, finalizers of 1 SpiderEndpoint taken off',
      '',
    ].join('\n'),
  );
});

test('migrationText() tells of nothing to do in one line, and of a dry run as such', () => {
  const report: MigrationReport = { direction: 'back', dryRun: true, pools: [], endpoints: 0, notes: [] };
  assert.equal(
    migrationText(report),
    "0 records of 0 pools would be written into the pools' status, finalizers of 0 SpiderEndpoints put on\n",
  );
});
