import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import type { SocketResponse } from '../support/socket-client.ts';
import { addressOf } from './harness/answers.ts';
import { whileLedgerIsLocked } from './harness/ledger-lock.ts';
import { poolManifest } from './harness/manifests.ts';
import { podArgs, startNode } from './harness/node.ts';

const pools = [
  poolManifest('orig-v4', {
    subnet: '10.97.0.0/16',
    ips: ['10.97.0.10-10.97.0.99'],
    gateway: '10.97.0.1',
    routes: [{ dst: '172.16.0.0/12', gw: '10.97.0.254' }],
    default: true,
  }),
  poolManifest('orig-v6', { subnet: 'fd97::/64', ips: ['fd97::10-fd97::99'], gateway: 'fd97::1' }),
];
const dualStack = { defaultIPv4IPPool: ['orig-v4'], defaultIPv6IPPool: ['orig-v6'] };

const node = await startNode({ pools, nodeName: 'the-node' });
after(() => node[Symbol.asyncDispose]());

/** What the original's plugin sends for a NIC of a pod. */
function argsOf(pod: string, more: Readonly<Record<string, unknown>> = {}) {
  return {
    containerID: `${pod}-sandbox`,
    ifName: 'eth0',
    netNamespace: '/run/netns/not-visible-here',
    podNamespace: 'default',
    podName: pod,
    podUID: `${pod}-uid`,
    ...more,
  };
}

const add = (args: object) => node.agent.request('POST', '/v1/ipam/ip', args);
const del = (args: object) => node.agent.request('DELETE', '/v1/ipam/ip', args);

interface AddResponse {
  readonly ips: readonly { readonly version: 4 | 6; readonly address: string; readonly ipPool: string }[];
  readonly routes: readonly object[];
}

function added(response: SocketResponse): AddResponse {
  assert.equal(response.status, 200, response.text);
  return response.body as AddResponse;
}

/** Asserts the original's error: status 500, a bare JSON string. */
function assertFailed(response: SocketResponse, message: RegExp): void {
  assert.equal(response.status, 500, response.text);
  assert.equal(typeof response.body, 'string');
  assert.match(String(response.body), message);
}

/** Asserts what the original's framework answers to a body that breaks its schema. */
function assertViolates(response: SocketResponse, message: RegExp): void {
  assert.equal(response.status, 422, response.text);
  const { code, message: text } = response.body as { code: number; message: string };
  assert.equal(code, 602);
  assert.match(text, message);
}

function assertEmpty(response: SocketResponse): void {
  assert.deepEqual([response.status, response.text], [200, '']);
}

/** The routes that the IPv4 pool has; a SpiderEndpoint tells of the default route by the gateway. */
function poolRoutes(ifName: string): readonly object[] {
  return [{ ifName, dst: '172.16.0.0/12', gw: '10.97.0.254' }];
}

async function recordsOf(pod: string): Promise<readonly string[]> {
  const all = await node.allocations();
  return all.filter(({ holders }) => holders[0]?.pod === `default/${pod}`).map(({ address }) => address);
}

suite('the original’s API', { concurrency: 2 }, () => {
  test('GET /v1/ipam/healthy is 200 and empty', async () => {
    assertEmpty(await node.agent.request('GET', '/v1/ipam/healthy'));
  });

  test('POST /v1/ipam/ip answers addresses and routes in its schema, and the same again', async () => {
    const response = added(await add(argsOf('web', dualStack)));
    const [v4, v6] = response.ips.map(({ address }) => address);
    assert.match(v4 ?? '', /^10\.97\.0\.\d+\/16$/);
    assert.match(v6 ?? '', /^fd97::..\/64$/);
    assert.deepEqual(response, {
      ips: [
        { version: 4, address: v4, nic: 'eth0', ipPool: 'orig-v4', gateway: '10.97.0.1' },
        { version: 6, address: v6, nic: 'eth0', ipPool: 'orig-v6', gateway: 'fd97::1' },
      ],
      routes: [
        { ifName: 'eth0', dst: '172.16.0.0/12', gw: '10.97.0.254' },
        { ifName: 'eth0', dst: '0.0.0.0/0', gw: '10.97.0.1' },
        { ifName: 'eth0', dst: '::/0', gw: 'fd97::1' },
      ],
    });
    assert.deepEqual(added(await add(argsOf('web', dualStack))), response);
    assert.equal((await recordsOf('web')).length, 2);
  });

  test('POST /v1/ipam/ip takes null lists for the cluster default, and cleanGateway for no default route', async () => {
    const lists = { defaultIPv4IPPool: null, defaultIPv6IPPool: null, cleanGateway: true };
    const { ips, routes } = added(await add(argsOf('defaults', lists)));
    assert.deepEqual(
      ips.map(({ ipPool }) => ipPool),
      ['orig-v4'],
    );
    assert.deepEqual(routes, [{ ifName: 'eth0', dst: '172.16.0.0/12', gw: '10.97.0.254' }]);
  });

  test('POST /v1/ipam/ip reads keys in any case, as the original’s decoder does', async () => {
    const { containerID, ifName, ...rest } = argsOf('case');
    added(await add({ ...rest, containerid: containerID, IFNAME: ifName, DefaultIPv4IPPool: ['orig-v4'] }));
    assert.equal((await recordsOf('case')).length, 1);
  });

  test('POST /v1/ipam/ip answers refusals as 500 with a bare JSON string, and allocates nothing', async () => {
    assertFailed(
      await add(argsOf('refused', { defaultIPv4IPPool: ['nowhere'] })),
      /pool nowhere.*does not exist/,
    );
    assertFailed(await add(argsOf('refused', { ifName: 'a/b' })), /CNI_IFNAME/);
    assertFailed(await add(argsOf('refused', { containerID: '../x' })), /CNI_CONTAINERID/);
    assert.deepEqual(await recordsOf('refused'), []);
  });

  for (const [what, change, message] of [
    ['without a container id', { containerID: undefined }, /containerID/],
    ['without a namespace path', { netNamespace: undefined }, /netNamespace/],
    ['without a pod uid', { podUID: undefined }, /podUID/],
    ['with a number for a name', { podName: 7 }, /podName/],
    ['with a text for a list', { defaultIPv4IPPool: 'orig-v4' }, /defaultIPv4IPPool/],
    ['with a text for a bool', { cleanGateway: 'true' }, /cleanGateway/],
    ['with a control character', { podName: 'a\u001b[2J' }, /podName in body contains a control character/],
  ] as const) {
    test(`POST /v1/ipam/ip ${what} is 422`, async () => {
      assertViolates(await add(argsOf('schema', change)), message);
      assert.deepEqual(await recordsOf('schema'), []);
    });
  }

  test('POST /v1/ipam/ip of no object is 422, of no JSON 400', async () => {
    for (const body of ['[]', '"text"', 'null']) {
      assert.equal((await node.agent.request('POST', '/v1/ipam/ip', body)).status, 422, body);
    }
    assert.equal((await node.agent.request('POST', '/v1/ipam/ip')).status, 422);
    assert.equal((await node.agent.request('POST', '/v1/ipam/ip', '{')).status, 400);
  });

  test('DELETE /v1/ipam/ip frees the NIC, and is 200 and empty again and again', async () => {
    added(await add(argsOf('deleted', dualStack)));
    added(await add(argsOf('deleted', { ...dualStack, ifName: 'net1' })));
    const { netNamespace: _, ...args } = argsOf('deleted');
    assertEmpty(await del(args));
    assert.equal((await recordsOf('deleted')).length, 2);
    assertEmpty(await del(args));
    assertEmpty(await del({ ...args, ifName: 'net1' }));
    assert.deepEqual(await recordsOf('deleted'), []);
  });

  test('DELETE /v1/ipam/ip without an interface is 422', async () => {
    assertViolates(await del(argsOf('schema', { ifName: undefined })), /ifName/);
  });

  test('POST /v1/ipam/ips is a stub: 200 and empty', async () => {
    assertEmpty(await node.agent.request('POST', '/v1/ipam/ips'));
  });

  test('DELETE /v1/ipam/ips frees all NICs of the sandbox', async () => {
    added(await add(argsOf('batch', dualStack)));
    added(await add(argsOf('batch', { ...dualStack, ifName: 'net1' })));
    added(await add(argsOf('batch-other', dualStack)));
    assert.equal((await recordsOf('batch')).length, 4);
    const { ifName: _, ...args } = argsOf('batch', { isReleaseConflictIPs: true });
    assertEmpty(await node.agent.request('DELETE', '/v1/ipam/ips', args));
    assert.deepEqual(await recordsOf('batch'), []);
    assert.equal((await recordsOf('batch-other')).length, 2);
    assertEmpty(await node.agent.request('DELETE', '/v1/ipam/ips', args));
    const without = { ...args, podName: undefined };
    assertViolates(await node.agent.request('DELETE', '/v1/ipam/ips', without), /podName/);
  });

  test('GET /v1/workloadendpoint shows every NIC of a pod in its schema', async () => {
    const [v4, v6] = added(await add(argsOf('endpoint', dualStack))).ips.map(({ address }) => address);
    const [second] = added(
      await add(argsOf('endpoint', { ifName: 'net1', defaultIPv4IPPool: ['orig-v4'] })),
    ).ips;
    const response = await node.agent.request(
      'GET',
      '/v1/workloadendpoint?podNamespace=default&podName=endpoint',
    );
    assert.equal(response.status, 200);
    assert.deepEqual(response.body, {
      podNamespace: 'default',
      podName: 'endpoint',
      podUID: 'endpoint-uid',
      node: 'the-node',
      interfaces: [
        {
          interface: 'eth0',
          ipv4: v4,
          ipv4Pool: 'orig-v4',
          ipv4Gateway: '10.97.0.1',
          ipv6: v6,
          ipv6Pool: 'orig-v6',
          ipv6Gateway: 'fd97::1',
          routes: poolRoutes('eth0'),
        },
        {
          interface: 'net1',
          ipv4: second?.address,
          ipv4Pool: 'orig-v4',
          ipv4Gateway: '10.97.0.1',
          routes: poolRoutes('net1'),
        },
      ],
    });
  });

  test('GET /v1/workloadendpoint is 404 for a pod without addresses and 422 without its query', async () => {
    const statusOf = async (query: string) =>
      (await node.agent.request('GET', `/v1/workloadendpoint${query}`)).status;
    assert.equal(await statusOf('?podNamespace=default&podName=nobody'), 404);
    for (const query of ['', '?podName=web', '?podNamespace=default', '?podNamespace=&podName=web']) {
      assert.equal(await statusOf(query), 422, query);
    }
  });

  test('GET /v1/coordinator/config is 500 with a bare JSON string, since one host has no SpiderCoordinator', async () => {
    assertFailed(await node.agent.request('GET', '/v1/coordinator/config'), /no SpiderCoordinator/);
  });

  test('both plugins of one node see one ledger: what one adds, the other deletes', async () => {
    const call = {
      containerId: 'mixed-sandbox',
      args: podArgs('mixed'),
      ipam: { default_ipv4_ippool: ['orig-v4'] },
    };
    const address = addressOf(await node.plugin('ADD', call));
    assert.equal(
      added(await add(argsOf('mixed', { defaultIPv4IPPool: ['orig-v4'] }))).ips[0]?.address,
      `${address}/16`,
    );
    assertEmpty(await del(argsOf('mixed')));
    assert.deepEqual(await recordsOf('mixed'), []);
  });
});

test('DELETE /v1/ipam/ip succeeds with a tombstone while the ledger is locked, POST is 500', async () => {
  added(await add(argsOf('locked', dualStack)));
  await whileLedgerIsLocked(node, async () => {
    const [adding, deleting] = await Promise.all([add(argsOf('other', dualStack)), del(argsOf('locked'))]);
    assertFailed(adding, /locked by another process.*try again later/);
    assertEmpty(deleting);
    assert.equal(node.tombstones().length, 1);
  });
});
