import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { OriginalCluster } from '../../src/migration/testing/original-cluster.ts';
import { deletePod } from '../../test/support/cluster-objects.ts';
import { runHere } from './testing/ctl-harness.ts';

const cluster = await OriginalCluster.start();
after(() => cluster[Symbol.asyncDispose]());
const target = ['--kubeconfig', cluster.plane.adminKubeconfig] as const;
await cluster.pool('lan', '10.6.0', { '10.6.0.9': { pod: 'default/gone', podUid: 'gone' } });

async function mark(): Promise<string | undefined> {
  return (await cluster.readPool('lan')).metadata.annotations?.['ipam.spidernet.io/ledger'];
}

test('spiderpoolctl migrate asks for --yes where nobody can be asked, and moves nothing', async () => {
  const { exitCode, stderr } = await runHere(['migrate', ...target]);
  assert.equal(exitCode, 1);
  assert.match(stderr, /add --yes, or --dry-run/);
  assert.equal(await mark(), undefined);
});

test('spiderpoolctl migrate shows a person what would be done, and takes no for an answer', async () => {
  const { exitCode, stderr } = await runHere(['migrate', ...target], { terminalColumns: 120, input: 'n\n' });
  assert.equal(exitCode, 1);
  assert.match(stderr, /1 record of 1 pool would be written into address blocks/);
  assert.equal(await mark(), undefined);
});

test('spiderpoolctl migrate refuses with the names of the agents that run', async () => {
  const agent = await cluster.pod('spiderpool-agent-x', {
    labels: { 'app.kubernetes.io/component': 'spiderpool-agent' },
  });
  const { exitCode, stderr } = await runHere(['migrate', '--yes', ...target]);
  assert.equal(exitCode, 1);
  assert.match(stderr, /agents of the original Spiderpool run \(pods default\/spiderpool-agent-x\)/);
  await deletePod(cluster.plane, agent, { force: true });
});

test('spiderpoolctl migrate moves records here and, with --back, to where they were', async () => {
  const forth = await runHere(['migrate', '--yes', '-o', 'json', ...target]);
  assert.equal(forth.exitCode, 0, forth.stderr);
  const { pools } = JSON.parse(forth.stdout) as { pools: readonly object[] };
  assert.deepEqual(pools, [
    {
      pool: 'lan',
      records: 1,
      written: 1,
      standing: 0,
      conflicts: 0,
      freed: 0,
      done: true,
      notes: ['10.6.0.9: its pod default/gone does not exist'],
      notesLeftOut: 0,
    },
  ]);
  assert.equal(await mark(), 'blocks');
  const back = await runHere(['migrate', '--back', '--yes', ...target]);
  assert.equal(back.exitCode, 0, back.stderr);
  assert.match(back.stdout, /^lan +1 +0 +1 +0 +0 +yes$/m);
  assert.equal(await mark(), undefined);
  const { status } = await cluster.readPool('lan');
  assert.equal(status?.allocatedIPs, '{"10.6.0.9":{"pod":"default/gone","podUid":"gone"}}');
});
