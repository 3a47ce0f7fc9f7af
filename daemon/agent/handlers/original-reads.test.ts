import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { chooseAddress } from '../../../src/ipam/choose.ts';
import { clusterFacts, factsWith, ipv6Spec } from '../../../src/ipam/testing/facts.ts';
import type { Claimant } from '../../../src/ledger/ledger.ts';
import type { Holder } from '../../../src/ledger/record.ts';
import { openSqliteLedger, type SqliteLedger } from '../../../src/ledger/sqlite/sqlite-ledger.ts';
import type { AgentRequest, Reply } from '../http/message.ts';
import { LedgerSlot } from '../ledger-slot.ts';
import { coordinatorHandler, workloadEndpointHandler } from './original-reads.ts';

const routes = '[{"dst":"10.9.0.0/16","gw":"10.6.0.9"}]';
const factsOfPods = factsWith(
  { v4: { gateway: '10.6.0.1', routes: [{ dst: '172.16.0.0/12', gw: '10.6.0.254' }] }, v6: ipv6Spec },
  clusterFacts({ pod: { 'ipam.spidernet.io/routes': routes } }),
);
const { catalog } = factsOfPods;
const pools = catalog.pools.map(({ range }) => range);

interface World extends AsyncDisposable {
  readonly ledger: SqliteLedger;
  readonly ask: (name: string) => Promise<Reply>;
}

/** The handler on `node-1`, before a ledger that knows other nodes, too. */
async function createWorld(): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'original-reads-'));
  const ledger = await openSqliteLedger({ path: join(folder, 'ledger.db') });
  const slot = new LedgerSlot();
  slot.open(ledger);
  const cluster = {
    catalog: () => catalog,
    facts: () => Promise.resolve(factsOfPods),
    ownRecords: { node: 'node-1' },
  };
  const handler = workloadEndpointHandler({ cluster, ledger: slot });
  return {
    ledger,
    ask: async (name) => handler(request({ podNamespace: 'default', podName: name })),
    [Symbol.asyncDispose]: async () => {
      await ledger[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    },
  };
}

function request(query: Readonly<Record<string, string>>, body?: unknown): AgentRequest {
  return {
    path: '/',
    parameter: undefined,
    query: new URLSearchParams(query),
    body,
    wantsText: false,
    signal: new AbortController().signal,
  };
}

function holderOf(pod: string, node = 'node-1'): Holder {
  return { uid: `${pod}-uid`, sandbox: `${pod}-sandbox`, node, pod: { namespace: 'default', name: pod } };
}

async function claim(
  ledger: SqliteLedger,
  nics: readonly string[],
  claimant: Pick<Claimant, 'holder' | 'owner'>,
) {
  const wants = nics.flatMap((nic) => pools.map((pool) => ({ nic, family: pool.family, pools: [pool] })));
  const outcome = await ledger.claim({ network: 'net', ...claimant }, wants, chooseAddress);
  assert.equal(outcome.kind, 'claimed');
}

interface Endpoint {
  readonly podName: string;
  readonly podUID: string;
  readonly node: string;
  readonly interfaces: readonly {
    readonly interface: string;
    readonly ipv4: string;
    readonly ipv6: string;
    readonly routes: readonly object[];
  }[];
}

function endpointOf(reply: Reply): Endpoint {
  assert.equal(reply.status, 200, String(reply.body));
  return JSON.parse(String(reply.body)) as Endpoint;
}

test('workloadEndpointHandler() tells both families of every NIC of a pod', async () => {
  await using world = await createWorld();
  await claim(world.ledger, ['eth0', 'net1'], { holder: holderOf('a') });
  await claim(world.ledger, ['eth0'], { holder: holderOf('b') });
  const { interfaces, ...pod } = endpointOf(await world.ask('a'));
  assert.deepEqual(pod, { podNamespace: 'default', podName: 'a', podUID: 'a-uid', node: 'node-1' });
  assert.deepEqual(
    interfaces.map((nic) => nic.interface),
    ['eth0', 'net1'],
  );
  assert.equal(new Set(interfaces.flatMap(({ ipv4, ipv6 }) => [ipv4, ipv6])).size, 4);
});

test('workloadEndpointHandler() tells the routes of pools and pod, the first NIC first, and no default route', async () => {
  await using world = await createWorld();
  for (const nic of ['net10', 'net2', 'eth0']) await claim(world.ledger, [nic], { holder: holderOf('a') });
  const { interfaces } = endpointOf(await world.ask('a'));
  const ofPool = { dst: '172.16.0.0/12', gw: '10.6.0.254' };
  const ofPod = { dst: '10.9.0.0/16', gw: '10.6.0.9' };
  assert.deepEqual(
    interfaces.map((nic) => [nic.interface, nic.routes]),
    [
      ['eth0', [ofPool, ofPod].map((route) => ({ ifName: 'eth0', ...route }))],
      ['net2', [{ ifName: 'net2', ...ofPool }]],
      ['net10', [{ ifName: 'net10', ...ofPool }]],
    ],
  );
});

test('workloadEndpointHandler() knows no pod of another node, and none without records', async () => {
  await using world = await createWorld();
  await claim(world.ledger, ['eth0'], { holder: holderOf('a', 'node-2') });
  assert.equal((await world.ask('a')).status, 404);
  assert.equal((await world.ask('b')).status, 404);
});

test('workloadEndpointHandler() finds a machine by its name, and by those of its pods', async () => {
  await using world = await createWorld();
  const owner = {
    kind: 'VirtualMachineInstance',
    namespace: 'default',
    name: 'vm',
    takeover: 'share',
  } as const;
  await claim(world.ledger, ['eth0'], { holder: holderOf('launcher-1'), owner });
  await claim(world.ledger, ['eth0'], { holder: holderOf('launcher-2'), owner });
  const byName = endpointOf(await world.ask('vm'));
  assert.equal(byName.podName, 'vm');
  assert.equal(byName.podUID, 'launcher-2-uid');
  for (const pod of ['launcher-1', 'launcher-2']) {
    const byPod = endpointOf(await world.ask(pod));
    assert.equal(byPod.podUID, `${pod}-uid`);
    assert.deepEqual(byPod.interfaces, byName.interfaces);
  }
});

test('workloadEndpointHandler() asks for both parameters as the original does', async () => {
  await using world = await createWorld();
  assert.equal((await world.ask('')).status, 422);
});

test('coordinatorHandler() has no configuration without a cluster', async () => {
  const { status, body } = await coordinatorHandler()(request({}));
  assert.equal(status, 500);
  assert.match(String(body), /^"there is no SpiderCoordinator/);
});
