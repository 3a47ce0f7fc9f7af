import assert from 'node:assert/strict';
import { test } from 'node:test';
import { poolManifest, serveRoutes } from './testing/served-routes.ts';

const a = poolManifest('a', { subnet: '10.6.0.0/24', ips: ['10.6.0.10-10.6.0.12'], gateway: '10.6.0.1' });
const full = poolManifest('b', { subnet: '10.7.0.0/24', ips: ['10.7.0.10'], disable: true });
const overlapping = poolManifest('c', { subnet: '10.7.0.0/24', ips: ['10.7.0.10'] });

const env = {
  CNI_CONTAINERID: 'container-1',
  CNI_NETNS: '/var/run/netns/none',
  CNI_IFNAME: 'eth0',
  CNI_ARGS: 'K8S_POD_NAMESPACE=default;K8S_POD_NAME=web-0;K8S_POD_UID=u-1',
  CNI_PATH: '/opt/cni/bin',
};
const add = (...pools: readonly string[]): object => ({
  config: { cniVersion: '1.1.0', name: 'net', ipam: { type: 'spiderpool', default_ipv4_ippool: pools } },
  env,
});
const textPlain = 'text/plain';

test('peopleHandler() answers text/plain only to who asks for it', async () => {
  await using served = await serveRoutes([a]);
  const asText = await served.request('GET', '/v1/pools', undefined, textPlain);
  assert.equal(asText.headers['content-type'], 'text/plain; charset=utf-8');
  assert.equal(
    asText.text,
    [
      'NAME  SUBNET       TOTAL  ALLOCATED  FREE  COOLING  RESERVED  EXCLUDED  DEFAULT  STATE\n',
      'a     10.6.0.0/24      3          0     3        0         0         0  no       ok\n',
    ].join(''),
  );
  for (const accept of ['*/*', 'application/json', 'text/plain, application/json']) {
    const asJson = await served.request('GET', '/v1/pools', undefined, accept);
    assert.equal(asJson.headers['content-type'], 'application/json');
    assert.equal((asJson.body as { pools: readonly unknown[] }).pools.length, 1);
  }
});

test('poolsHandler() tells conditions and problems below its table', async () => {
  await using served = await serveRoutes([full, overlapping, 'spec: [']);
  const { text } = await served.request('GET', '/v1/pools', undefined, textPlain);
  const [table = '', notes = ''] = text.split('\n\n');
  assert.match(table, /^NAME .*\nb .* disabled,Overlap\nc .* Overlap$/);
  assert.match(notes, /^pool b: Overlap: pools b and c both have 10\.7\.0\.10; .*\npool c: Overlap: .*\n/);
  assert.match(notes, /\nproblem: .*2\.yaml.*\n$/);
});

test('poolsHandler() says what to do when there are no pools', async () => {
  await using served = await serveRoutes([]);
  const { text } = await served.request('GET', '/v1/pools', undefined, textPlain);
  assert.match(text, /^the agent has no pools: write SpiderIPPool manifests .*\n$/);
});

test('poolsHandler() saturates counts at the largest int64', async () => {
  await using served = await serveRoutes([
    poolManifest('huge', { subnet: 'fd00::/48', ips: ['fd00::1-fd00:0:0:ffff:ffff:ffff:ffff:ffff'] }),
  ]);
  const { text } = await served.request('GET', '/v1/pools');
  assert.match(text, /"total":9223372036854775807,"allocated":0,"free":9223372036854775807,"cooling":0,/);
});

test('explainHandler() tells the source of the pools in words and for programs', async () => {
  await using served = await serveRoutes([a, full]);
  const json = await served.request('POST', '/v1/explain', add('b', 'a'));
  assert.deepEqual(json.body, {
    nics: [
      {
        nic: 'eth0',
        family: 4,
        source: 'cni-config',
        sourceTitle: 'the CNI config',
        candidates: [
          { pool: 'a', accepted: true },
          { pool: 'b', accepted: false, reason: 'is disabled (spec.disable is true)' },
        ],
        address: '10.6.0.10/24',
        pool: 'a',
      },
    ],
  });
  const { text } = await served.request('POST', '/v1/explain', add('b', 'a'), textPlain);
  assert.equal(
    text,
    [
      'eth0 IPv4, pools of the CNI config\n',
      '  TRY  POOL  RESULT    REASON\n',
      '    1  a     chosen\n',
      '    -  b     rejected  is disabled (spec.disable is true)\n',
      '  address 10.6.0.10/24 from pool a\n',
    ].join(''),
  );
});

test('allocationsHandler(), whoHandler() and releaseHandler() answer tables and lines', async () => {
  await using served = await serveRoutes([a]);
  const ask = async (method: string, path: string): Promise<string> =>
    (await served.request(method, path, undefined, textPlain)).text;
  assert.equal(await ask('GET', '/v1/allocations'), 'no allocated address matches\n');
  assert.equal((await served.request('POST', '/v1/cni/add', add('a'))).status, 200);
  assert.match(
    await ask('GET', '/v1/allocations?limit=1'),
    /^ADDRESS +POOL .*\n10\.6\.0\.10 +a +net +eth0 +default\/web-0 +worker-1 +container-1 +\d+s\n\nthere are more: ask again with after=10\.6\.0\.10\n$/,
  );
  assert.match(await ask('GET', '/v1/allocations/10.6.0.10'), /^10\.6\.0\.10 belongs to default\/web-0\n/);
  assert.match(
    await ask('DELETE', '/v1/allocations/10.6.0.10?uid=u-1'),
    /^released 10\.6\.0\.10 of pool a from default\/web-0 \(held for \d+s\)\n$/,
  );
  assert.match(
    await ask('GET', '/v1/allocations/10.6.0.10'),
    /^nobody has 10\.6\.0\.10\n {2}pools +a\n {2}last +default\/web-0\n/,
  );
});

test('sweepHandler() answers what a pass did', async () => {
  await using served = await serveRoutes([]);
  const { text } = await served.request('POST', '/v1/gc', undefined, textPlain);
  assert.equal(text, 'looked at 0 records, freed 0 addresses\n');
});

test('peopleHandler() refuses in the format that was asked for', async () => {
  await using served = await serveRoutes([a]);
  const asText = await served.request('GET', '/v1/allocations/10.6.0', undefined, textPlain);
  assert.equal(asText.status, 400);
  assert.match(asText.text, /^"10\.6\.0" is not an IP address: write for example 10\.6\.0\.5 or fd00::5\n$/);
  const asJson = await served.request('DELETE', '/v1/allocations/10.6.0.10?pod=x');
  assert.deepEqual(asJson.body, {
    code: 7,
    msg: '"pod" is not a query of this route: it takes uid, sandbox',
  });
  served.slot.close('the ledger is away');
  const later = await served.request('GET', '/v1/pools', undefined, textPlain);
  assert.deepEqual([later.status, later.text], [503, 'the ledger is away\n']);
});
