import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedCluster } from '../../src/cluster/embedded-cluster.ts';
import { PoolFolder } from './pool-folder.ts';
import {
  addRequest,
  createTestNode,
  poolManifest,
  type TestNode,
  testLog,
  writeFolder,
} from './testing/test-node.ts';

/** Long enough for the slowest machine; conditions are met in a fraction of it. */
const patienceMs = 30_000;

async function until(condition: () => boolean): Promise<void> {
  const endMs = performance.now() + patienceMs;
  while (!condition()) {
    assert.ok(performance.now() < endMs, 'the condition was not met in time');
    await sleep(20);
  }
}

function poolsOf(cluster: EmbeddedCluster): string[] {
  return cluster.catalog().pools.map(({ pool }) => `${pool.name}${pool.deleting ? ' deleting' : ''}`);
}

/** Follows the folder until the end of the test. */
function follow(folder: PoolFolder): AsyncDisposable {
  const ending = new AbortController();
  const following = folder.follow(ending.signal);
  return {
    async [Symbol.asyncDispose]() {
      ending.abort();
      await following;
    },
  };
}

function folderOf(node: TestNode, cluster = node.cluster): PoolFolder {
  return new PoolFolder({ folder: join(node.folder, 'pools'), cluster, log: testLog });
}

test('PoolFolder.load() reads the manifests, and what it remembered when a file went bad meanwhile', async () => {
  await using node = await createTestNode();
  const path = join(node.folder, 'pools');
  writeFolder(path, { 'a.yaml': poolManifest('a', '10.6.0.1'), '.b.yaml.swp': 'x', 'notes.txt': 'x' });
  await folderOf(node).load(node.ledger);
  assert.deepEqual(poolsOf(node.cluster), ['a']);
  writeFileSync(join(path, 'a.yaml'), 'kind: [');
  const restarted = new EmbeddedCluster('node-1');
  const folder = folderOf(node, restarted);
  await folder.load(node.ledger);
  assert.deepEqual(poolsOf(restarted), ['a']);
  assert.match(folder.problems[0] ?? '', /^a\.yaml:1: not YAML/);
  assert.equal(restarted.conditions('a')[0]?.type, 'BadManifest');
});

test('PoolFolder.load() starts without a folder and says that it is missing', async () => {
  await using node = await createTestNode();
  const cluster = new EmbeddedCluster('node-1');
  const folder = folderOf(node, cluster);
  await folder.load(node.ledger);
  assert.deepEqual(poolsOf(cluster), []);
  assert.match(folder.problems[0] ?? '', /can't be read.*create it/);
});

test('PoolFolder.follow() takes over edits, new files, and a folder that appears later', async () => {
  await using node = await createTestNode();
  const folder = folderOf(node);
  await folder.load(node.ledger);
  await using stack = new AsyncDisposableStack();
  stack.use(follow(folder));
  const path = join(node.folder, 'pools');
  writeFolder(path, { 'a.yaml': poolManifest('a', '10.6.0.1') });
  await until(() => poolsOf(node.cluster).join() === 'a');
  writeFileSync(join(path, 'b.json'), JSON.stringify({ kind: 'List', apiVersion: 'v1', items: [] }));
  writeFileSync(join(path, 'c.yml'), poolManifest('c', '10.6.0.2'));
  await until(() => poolsOf(node.cluster).join() === 'a,c');
  renameSync(join(path, 'c.yml'), join(path, 'd.yml'));
  writeFileSync(join(path, 'a.yaml'), poolManifest('a', '10.6.0.1-10.6.0.5'));
  await until(() => node.cluster.catalog().byName.get('a')?.total === 5n);
  assert.deepEqual(poolsOf(node.cluster), ['a', 'c']);
});

test('PoolFolder.follow() keeps a removed pool for its records and drops it with the last one', async () => {
  await using node = await createTestNode();
  const path = join(node.folder, 'pools');
  writeFolder(path, { 'a.yaml': poolManifest('a', '10.6.0.1'), 'b.yaml': poolManifest('b', '10.6.0.2') });
  const folder = folderOf(node);
  await folder.load(node.ledger);
  const request = addRequest('c1');
  await node.attachments.add(request, new AbortController().signal);
  await using stack = new AsyncDisposableStack();
  stack.use(follow(folder));
  rmSync(join(path, 'a.yaml'));
  await until(() => poolsOf(node.cluster).join() === 'a deleting,b');
  await node.releases.del(request.attachment);
  await until(() => poolsOf(node.cluster).join() === 'b');
});

test('PoolFolder.follow() leaves everything as it is when the folder vanishes', async () => {
  await using node = await createTestNode();
  const path = join(node.folder, 'pools');
  writeFolder(path, { 'a.yaml': poolManifest('a', '10.6.0.1') });
  const folder = folderOf(node);
  await folder.load(node.ledger);
  await using stack = new AsyncDisposableStack();
  stack.use(follow(folder));
  rmSync(path, { recursive: true });
  await until(() => folder.problems.some((problem) => problem.includes("can't be read")));
  assert.deepEqual(poolsOf(node.cluster), ['a']);
});

test('PoolFolder.follow() ends without waiting for a file that is written without end', async () => {
  await using node = await createTestNode();
  const path = join(node.folder, 'pools');
  writeFolder(path, { 'a.yaml': poolManifest('a', '10.6.0.1') });
  const folder = folderOf(node);
  await folder.load(node.ledger);
  const ending = new AbortController();
  const following = folder.follow(ending.signal);
  let writes = 0;
  const writer = setInterval(() => {
    writes += 1;
    writeFolder(path, { 'b.yaml': `${poolManifest('b', '10.6.0.2')}# ${writes}\n` });
  }, 20);
  try {
    await until(() => writes >= 3);
    ending.abort();
    await following;
  } finally {
    clearInterval(writer);
  }
  assert.deepEqual(poolsOf(node.cluster), ['a']);
});

test('PoolFolder.follow() takes a file that is removed and written anew for one that was edited', async () => {
  await using node = await createTestNode();
  const path = join(node.folder, 'pools');
  writeFolder(path, { 'a.yaml': poolManifest('a', '10.6.0.1') });
  const folder = folderOf(node);
  await folder.load(node.ledger);
  await using stack = new AsyncDisposableStack();
  stack.use(follow(folder));
  const seen = new Set<string>();
  const update = node.cluster.update.bind(node.cluster);
  node.cluster.update = (resolved) => {
    update(resolved);
    seen.add(poolsOf(node.cluster).join());
  };
  for (const ips of ['10.6.0.1-10.6.0.2', '10.6.0.1-10.6.0.3']) {
    rmSync(join(path, 'a.yaml'));
    await sleep(20);
    writeFileSync(join(path, 'a.yaml'), poolManifest('a', ips));
  }
  await until(() => node.cluster.catalog().byName.get('a')?.total === 3n);
  assert.deepEqual([...seen], ['a']);
});

test('PoolFolder.load() reports what is no file, reads the others, and waits for nobody', async () => {
  await using node = await createTestNode();
  const path = join(node.folder, 'pools');
  writeFolder(path, { 'b.yaml': poolManifest('b', '10.6.0.2') });
  execFileSync('mkfifo', [join(path, 'a.yaml')]);
  symlinkSync('/dev/zero', join(path, 'c.yaml'));
  const folder = folderOf(node);
  await folder.load(node.ledger);
  assert.deepEqual(poolsOf(node.cluster), ['b']);
  for (const name of ['a.yaml', 'c.yaml']) {
    assert.ok(
      folder.problems.some((problem) => problem.startsWith(`${name} can't be read: it is not a file`)),
    );
  }
});
