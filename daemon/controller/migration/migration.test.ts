import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { kubeResources, resourcePath } from '../../../src/kube/resource-path.ts';
import { OriginalCluster } from '../../../src/migration/testing/original-cluster.ts';
import { deletePod } from '../../../test/support/cluster-objects.ts';
import { readRecords } from '../../../test/support/cluster-records.ts';
import { Mirror } from '../leader/leader-view.ts';
import { parsePoolView } from '../leader/pool-view.ts';
import { Migration } from './migration.ts';

const cluster = await OriginalCluster.start();
after(() => cluster[Symbol.asyncDispose]());

async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (const endMs = performance.now() + 120_000; !(await isSo()); await sleep(50)) {
    assert.ok(performance.now() < endMs, `never: ${what}`);
  }
}

test('Migration imports pools once the last agent of the original is gone, and those that come later', {
  timeout: 300_000,
}, async () => {
  const agent = await cluster.pod('spiderpool-agent-x', {
    labels: { 'app.kubernetes.io/component': 'spiderpool-agent' },
  });
  await cluster.pool('first', '10.1.0', { '10.1.0.1': { pod: 'default/a', podUid: 'a' } });
  const lines: string[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
  const { api } = cluster;
  const pools = new Mirror({
    api,
    log,
    name: 'pools',
    path: resourcePath(kubeResources.pools),
    parse: parsePoolView,
    keyOf: ({ name }) => name,
  });
  const ending = new AbortController();
  const { signal } = ending;
  const running = Promise.all([
    pools.run(signal),
    new Migration({ api, log, pools, againMs: 200 }).run(signal),
  ]);
  const refusals = (): number => lines.filter((line) => line.includes('wait to be imported')).length;
  await until('it says why it waits', () => refusals() > 0);
  const asked = (): number => cluster.proxy.countRequests('GET', /^\/api\/v1\/pods$/);
  const before = asked();
  await until('it has tried again', () => asked() > before + 2);
  assert.equal(refusals(), 1);
  assert.deepEqual((await readRecords(cluster.plane)).uses, []);

  await deletePod(cluster.plane, agent, { force: true });
  await until('the pool is imported', async () => (await readRecords(cluster.plane)).uses.length === 1);
  await cluster.pool('second', '10.2.0', { '10.2.0.1': { pod: 'default/b', podUid: 'b' } });
  await until(
    'the second pool is imported',
    async () => (await readRecords(cluster.plane)).uses.length === 2,
  );
  await until('both are told', () => lines.filter((line) => line.includes('were imported')).length === 2);
  ending.abort();
  await running;
});
