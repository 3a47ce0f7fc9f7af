import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { addressOf, assertRefused, assertSilentSuccess } from './harness/answers.ts';
import { poolManifest, reservedManifest } from './harness/manifests.ts';
import { type PoolCounts, startNode, type TestNode } from './harness/node.ts';
import { until } from './harness/until.ts';

const spec = { subnet: '10.95.0.0/24', ips: ['10.95.0.10-10.95.0.19'] };
const web = poolManifest('web', spec);
const onWeb = { default_ipv4_ippool: ['web'] };

/** Waits until a pool is as wanted. */
function untilPool(
  node: TestNode,
  name: string,
  what: string,
  isSo: (pool: PoolCounts) => boolean,
): Promise<PoolCounts> {
  return until(`pool ${name}: ${what}`, async () => {
    const pool = (await node.pools()).byName.get(name);
    return pool !== undefined && isSo(pool) ? pool : undefined;
  });
}

function untilProblem(node: TestNode, message: RegExp): Promise<string> {
  return until(`a problem like ${message}`, async () =>
    (await node.pools()).problems.find((problem) => message.test(problem)),
  );
}

async function untilNoProblem(node: TestNode): Promise<void> {
  await until('no problem is left', async () => (await node.pools()).problems.length === 0);
}

function hasCondition(pool: PoolCounts, type: string, message: RegExp): boolean {
  return pool.conditions.some((condition) => condition.type === type && message.test(condition.message));
}

suite('the pools folder', { concurrency: 3 }, () => {
  test('an edited, an added and a disabled pool are in force without a restart', async () => {
    await using node = await startNode();
    assertRefused(await node.ask('add', { containerId: 'early', ipam: onWeb }), 101, /there is no IPv4 pool/);
    await node.agent.writeManifest('web.yaml', web);
    await untilPool(node, 'web', 'is there', ({ total }) => total === 10);
    addressOf(await node.ask('add', { containerId: 'pod', ipam: onWeb }));
    await node.agent.writeManifest(
      'web.yaml',
      poolManifest('web', { ...spec, ips: ['10.95.0.10-10.95.0.49'] }),
    );
    await untilPool(node, 'web', 'is larger', ({ total, allocated }) => total === 40 && allocated === 1);
    await node.agent.writeManifest('reserved.yml', reservedManifest('some', ['10.95.0.20-10.95.0.24']));
    await untilPool(
      node,
      'web',
      'has reserved addresses',
      ({ reserved, free }) => reserved === 5 && free === 34,
    );
    await node.agent.writeManifest('web.yaml', poolManifest('web', { ...spec, disable: true }));
    await untilPool(node, 'web', 'is disabled', ({ disabled }) => disabled);
    assertRefused(await node.ask('add', { containerId: 'late', ipam: onWeb }), 102, /web is disabled/);
    assertSilentSuccess(await node.ask('del', { containerId: 'pod', ipam: onWeb }));
  });

  test('a file of several documents is read whole, other files are left alone', async () => {
    await using node = await startNode();
    const documents = [web, poolManifest('six', { subnet: 'fd95::/64', ips: ['fd95::1-fd95::ff'] })];
    writeFileSync(join(node.agent.poolsFolder, 'notes.txt'), 'no manifest');
    writeFileSync(join(node.agent.poolsFolder, '.web.yaml.swp'), '{{{');
    await node.agent.writeManifest('all.yaml', documents.map((it) => JSON.stringify(it)).join('\n---\n'));
    await untilPool(node, 'six', 'is there', ({ total }) => total === 255);
    assert.deepEqual([...(await node.pools()).byName.keys()], ['six', 'web']);
    assert.deepEqual((await node.pools()).problems, []);
  });

  test('a bad file is reported with file, line and field; its last good version stays, over a restart too', async () => {
    await using node = await startNode();
    await node.agent.writeManifest('web.yaml', web);
    await untilPool(node, 'web', 'is there', () => true);
    const bad = `apiVersion: spiderpool.spidernet.io/v2beta1
kind: SpiderIPPool
metadata:
  name: web
spec:
  subnet: 10.95.0.0/24
  ips:
    - 10.95.0.10-10.95.0.29
    - 10.95.1.7
`;
    await node.agent.writeManifest('web.yaml', bad);
    const problem = await untilProblem(node, /10\.95\.1\.7/);
    assert.match(problem, /^web\.yaml:9: spec\.ips\[1\]: /);
    const isGood = (pool: PoolCounts): boolean =>
      pool.total === 10 && hasCondition(pool, 'BadManifest', /last good version is in force: web\.yaml:9/);
    await untilPool(node, 'web', 'is as before', isGood);
    assert.match(node.agent.log, /web\.yaml:9: spec\.ips\[1\]/);
    addressOf(await node.ask('add', { containerId: 'one', ipam: onWeb }));
    await node.agent.restart();
    await untilPool(node, 'web', 'is as before the restart', isGood);
    addressOf(await node.ask('add', { containerId: 'two', ipam: onWeb }));
    await node.agent.writeManifest('web.yaml', bad.replace('    - 10.95.1.7\n', ''));
    await untilPool(node, 'web', 'is the new one', ({ total, allocated }) => total === 20 && allocated === 2);
    assert.deepEqual((await node.pools()).problems, []);
    assert.deepEqual((await node.pool('web')).conditions, []);
  });

  test('a half-written, an empty and an unreadable file take nothing away', async () => {
    await using node = await startNode();
    await node.agent.writeManifest('web.yaml', web);
    await untilPool(node, 'web', 'is there', () => true);
    const path = join(node.agent.poolsFolder, 'web.yaml');
    for (const [text, message] of [
      [JSON.stringify(web).slice(0, 100), /^web\.yaml:\d+: .*not YAML or JSON/],
      ['', /web\.yaml.*empty/],
      ['\u0000\u0001', /^web\.yaml:1: .*not YAML or JSON/],
      ['apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n', /^web\.yaml:/],
      [' '.repeat(5_000_000), /^web\.yaml:1: .*characters/],
    ] as const) {
      // Truncated and written in place, as careless tools do.
      writeFileSync(path, text);
      await untilProblem(node, message);
      const { total } = await untilPool(
        node,
        'web',
        'is as before',
        ({ conditions }) => conditions.length > 0,
      );
      assert.equal(total, 10);
      addressOf(
        await node.ask('add', { containerId: `pod-${message.source}`.replace(/\W/g, '-'), ipam: onWeb }),
      );
    }
    rmSync(path);
    mkdirSync(path);
    await untilProblem(node, /web\.yaml can't be read/);
    assert.equal((await node.pool('web')).total, 10);
    rmSync(path, { recursive: true });
    await node.agent.writeManifest('web.yaml', web);
    await untilNoProblem(node);
  });

  test('the pools of a removed file give nothing new, keep what runs, and go with their last record', async () => {
    await using node = await startNode();
    await node.agent.writeManifest('web.yaml', web);
    await untilPool(node, 'web', 'is there', () => true);
    const call = { containerId: 'pod', ipam: onWeb };
    const address = addressOf(await node.ask('add', call));
    await node.agent.removeManifest('web.yaml');
    const isDeleting = (pool: PoolCounts): boolean =>
      hasCondition(pool, 'Deleting', /gives no new addresses/);
    await untilPool(node, 'web', 'is deleting', isDeleting);
    assertRefused(await node.ask('add', { containerId: 'new', ipam: onWeb }), 102, /web is being deleted/);
    await node.agent.restart();
    await untilPool(node, 'web', 'is deleting after a restart', isDeleting);
    assert.equal((await node.allocations())[0]?.address, address);
    assertSilentSuccess(await node.ask('del', call));
    await until('the pool is gone', async () => !(await node.pools()).byName.has('web'));
    await node.agent.restart();
    assert.equal((await node.pools()).byName.size, 0);
  });

  test('a removed folder is reported and takes nothing away; a new one is followed', async () => {
    await using node = await startNode({ pools: [web] });
    const aside = `${node.agent.poolsFolder}.aside`;
    renameSync(node.agent.poolsFolder, aside);
    await untilProblem(node, /pools can't be read: the pools of before stay in force/);
    addressOf(await node.ask('add', { containerId: 'meanwhile', ipam: onWeb }));
    await node.agent.restart();
    await untilProblem(node, /can't be read/);
    addressOf(await node.ask('add', { containerId: 'after-restart', ipam: onWeb }));
    renameSync(aside, node.agent.poolsFolder);
    await untilNoProblem(node);
    await node.agent.writeManifest(
      '000.json',
      poolManifest('web', { ...spec, ips: ['10.95.0.10-10.95.0.12'] }),
    );
    await untilPool(node, 'web', 'is followed', ({ total }) => total === 3);
  });

  test('records outside of a pool that was shrunk stay, are counted and warned of, and are not given again', async () => {
    await using node = await startNode();
    await node.agent.writeManifest('web.yaml', web);
    await untilPool(node, 'web', 'is there', () => true);
    const calls = [11, 12, 18].map((last) => ({
      containerId: `pod-${last}`,
      ipam: onWeb,
      args: `IP=10.95.0.${last}`,
    }));
    for (const call of calls) addressOf(await node.ask('add', call));
    await node.agent.writeManifest(
      'web.yaml',
      poolManifest('web', { ...spec, ips: ['10.95.0.12-10.95.0.14'] }),
    );
    const shrunk = await untilPool(node, 'web', 'is smaller', ({ total }) => total === 3);
    assert.deepEqual([shrunk.allocated, shrunk.free], [3, 2]);
    assert.ok(hasCondition(shrunk, 'OutsideAllocations', /2 of its 3 allocated addresses are outside/));
    // Asked again, a running pod keeps its address.
    const again = { ...calls[0], containerId: 'pod-11' };
    assert.equal(addressOf(await node.ask('add', { ...again, args: '' })), '10.95.0.11');
    for (const containerId of ['new-1', 'new-2'])
      addressOf(await node.ask('add', { containerId, ipam: onWeb }));
    assertRefused(await node.ask('add', { containerId: 'new-3', ipam: onWeb }), 103, /total 3, allocated 5/);
    for (const call of calls) assertSilentSuccess(await node.ask('del', call));
    const left = await node.pool('web');
    assert.deepEqual([left.allocated, left.free + left.cooling, left.conditions], [2, 1, []]);
    addressOf(await node.ask('add', { containerId: 'new-3', ipam: onWeb }));
    assertRefused(await node.ask('add', { containerId: 'new-4', ipam: onWeb }), 103, /total 3, allocated 3/);
  });

  test('a name in two files is reported, and the first file by name is in force', async () => {
    await using node = await startNode();
    await node.agent.writeManifest('b.yaml', poolManifest('web', { ...spec, ips: ['10.95.0.10'] }));
    await untilPool(node, 'web', 'is that of b.yaml', ({ total }) => total === 1);
    await node.agent.writeManifest('a.yaml', web);
    const pool = await untilPool(node, 'web', 'is that of a.yaml', ({ total }) => total === 10);
    assert.ok(hasCondition(pool, 'DuplicateName', /in a\.yaml and in b\.yaml/));
    await untilProblem(node, /web is in a\.yaml and in b\.yaml/);
    await node.agent.removeManifest('a.yaml');
    const last = await untilPool(node, 'web', 'is that of b.yaml again', ({ total }) => total === 1);
    assert.deepEqual(last.conditions, []);
  });

  test('pools that overlap by mistake are reported, and no address is given twice', async () => {
    const twins = ['left', 'right'].map((name) =>
      poolManifest(name, { subnet: '10.96.0.0/24', ips: ['10.96.0.1-10.96.0.6'] }),
    );
    await using node = await startNode({ pools: twins });
    const { conditions } = await untilPool(
      node,
      'left',
      'has a condition',
      (pool) => pool.conditions.length > 0,
    );
    assert.match(conditions[0]?.message ?? '', /left and right both have 10\.96\.0\.1-10\.96\.0\.6/);
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, index) => {
        const ipam = { default_ipv4_ippool: [index % 2 === 0 ? 'left' : 'right'] };
        return node.ask('add', { containerId: `twin-${index}`, ipam });
      }),
    );
    const served = answers.filter(({ status }) => status === 200).map(addressOf);
    assert.equal(new Set(served).size, served.length);
    assert.equal(served.length, 6);
  });
});
