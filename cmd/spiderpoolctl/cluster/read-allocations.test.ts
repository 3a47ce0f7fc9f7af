import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { formatAddress } from '../../../src/ip/address.ts';
import { createKubeApi } from '../../../src/kube/create-kube-api.ts';
import { kubeResources, resourcePath } from '../../../src/kube/resource-path.ts';
import { BlockApi } from '../../../src/ledger/blocks/block-api.ts';
import { nodeLabel } from '../../../src/ledger/blocks/labels.ts';
import { encodeRecord } from '../../../src/ledger/blocks/slot.ts';
import type { RecordFilter } from '../../../src/ledger/ledger.ts';
import { type ControlPlane, startControlPlane } from '../../../test/support/control-plane.ts';
import { type FaultProxy, startFaultProxy } from '../../../test/support/fault-proxy.ts';
import { readAllocations } from './read-allocations.ts';

/** More than two pages of the API server. */
const blockCount = 150;
const firstBase = 0x0a060000;
const never = new AbortController().signal;

let plane: ControlPlane;
let proxy: FaultProxy;

/** Makes blocks with one record each, of two nodes in turn. */
before(async () => {
  plane = await startControlPlane();
  proxy = await startFaultProxy(plane);
  await using api = createKubeApi({ kubeconfig: plane.adminKubeconfig });
  const blocks = new BlockApi(api, undefined);
  for (let index = 0; index < blockCount; index += 1) {
    const base = firstBase + index * 64;
    const node = `worker-${index % 2}`;
    const holder = { uid: `u-${index}`, sandbox: 's', node, pod: { namespace: 'default', name: 'a' } };
    const record = {
      address: base,
      pool: 'lan',
      network: 'net',
      nic: 'eth0',
      sinceMs: 0,
      holders: [holder],
    };
    const slots = [encodeRecord(record), ...Array.from({ length: 63 }, () => ({}))];
    await blocks.create(base, { slots, labels: { [nodeLabel(node)]: '' } });
  }
});
after(async () => {
  await proxy[Symbol.asyncDispose]();
  await plane[Symbol.asyncDispose]();
});

async function read(filter: RecordFilter): Promise<readonly string[]> {
  const kubeconfig = await plane.kubeconfigFor(
    { namespace: 'spiderpool', name: 'spiderpool-agent' },
    { server: proxy.url },
  );
  await using api = createKubeApi({ kubeconfig });
  const addresses: string[] = [];
  for await (const records of readAllocations(api, filter, never)) {
    addresses.push(...records.map(({ address }) => formatAddress(address)));
  }
  return addresses;
}

const expected = (isWanted: (index: number) => boolean): readonly string[] =>
  Array.from({ length: blockCount }, (_, index) => index)
    .filter(isWanted)
    .map((index) => formatAddress(firstBase + index * 64));

test('readAllocations() reads all pages in address order, and of a node those of its label', async () => {
  await plane.bindAgentRole({ namespace: 'spiderpool', name: 'spiderpool-agent' });
  assert.deepEqual(
    await read({}),
    expected(() => true),
  );
  assert.deepEqual(
    await read({ node: 'worker-1' }),
    expected((index) => index % 2 === 1),
  );
  assert.deepEqual(
    await read({ uid: 'u-140' }),
    expected((index) => index === 140),
  );
  assert.deepEqual(await read({ pool: 'other' }), []);
});

test('readAllocations() goes on where it was when the API server has forgotten its place', async () => {
  await plane.bindAgentRole({ namespace: 'spiderpool', name: 'spiderpool-agent' });
  const path = resourcePath(kubeResources.blocks);
  const fault = proxy.inject({
    method: 'GET',
    path: new RegExp(`^${path}\\?.*continue=`),
    times: 1,
    fault: { kind: 'status', status: 410 },
  });
  assert.deepEqual(
    await read({}),
    expected(() => true),
  );
  assert.equal(fault.hits, 1);
});
