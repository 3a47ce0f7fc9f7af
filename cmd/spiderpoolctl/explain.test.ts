import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { runHere, runProcess, StandInAgent } from './testing/ctl-harness.ts';

const granted = {
  nics: [
    {
      nic: 'net1',
      family: 4,
      source: 'cni-config',
      sourceTitle: 'the CNI config',
      candidates: [
        { pool: 'b', accepted: true },
        { pool: 'c', accepted: true },
        { pool: 'a', accepted: false, reason: 'is disabled (spec.disable is true)' },
      ],
      address: '10.6.0.15/24',
      pool: 'c',
    },
  ],
};
const refused = {
  nics: [
    {
      nic: 'eth0',
      family: 6,
      source: 'cluster-default',
      sourceTitle: 'the cluster default',
      candidates: [],
    },
  ],
  error: { code: 103, msg: 'no free IPv6 address for NIC eth0', details: 'pool a (total 1, allocated 1)' },
};
const answering = (answer: object): Promise<StandInAgent> =>
  StandInAgent.listen({ 'POST /v1/explain': JSON.stringify(answer) });

interface SentBody {
  readonly config: unknown;
  readonly env: Readonly<Record<string, string>>;
}

function sentBody({ requests }: StandInAgent): SentBody {
  return JSON.parse(requests[0]?.body ?? '') as SentBody;
}

test('spiderpoolctl explain prints the candidates in their order, the reasons, and the address', async () => {
  await using agent = await answering(granted);
  const ran = await runHere(['explain', '--ipv4-pool', 'a', '--socket', agent.socketPath]);
  assert.deepEqual(ran, {
    exitCode: 0,
    stderr: '',
    stdout: [
      'net1 IPv4, pools of the CNI config\n',
      '  TRY  POOL  RESULT    REASON\n',
      '    1  b     accepted\n',
      '    2  c     chosen\n',
      '    -  a     rejected  is disabled (spec.disable is true)\n',
      '  address 10.6.0.15/24 from pool c\n',
    ].join(''),
  });
});

test('spiderpoolctl explain exits 1 with the reason when the ADD would fail', async () => {
  await using agent = await answering(refused);
  const args = ['explain', '--socket', agent.socketPath];
  assert.deepEqual(await runHere(args), {
    exitCode: 1,
    stderr: '',
    stdout: [
      'eth0 IPv6, pools of the cluster default\n',
      '  no pools\n',
      '  no address\n',
      '\n',
      'the ADD would fail with code 103: no free IPv6 address for NIC eth0 (pool a (total 1, allocated 1))\n',
    ].join(''),
  });
  const json = await runHere([...args, '-o', 'json']);
  assert.equal(json.exitCode, 1);
  assert.deepEqual(JSON.parse(json.stdout), refused);
});

test('spiderpoolctl explain wraps reasons and the error on a terminal', async () => {
  await using agent = await answering({
    nics: [
      { ...granted.nics[0], candidates: [{ pool: 'a', accepted: false, reason: 'word '.repeat(40).trim() }] },
    ],
    error: { code: 102, msg: 'word '.repeat(40).trim() },
  });
  const ran = await runHere(['explain', '--socket', agent.socketPath], { terminalColumns: 60 });
  // oxlint-disable-next-line no-control-regex -- the styles are to be taken away
  const lines = ran.stdout.replaceAll(/\u001b\[\d+m/g, '').split('\n');
  for (const line of lines) assert.ok(line.length <= 60, line);
  assert.ok(lines.includes('                       word word word word word word word'), ran.stdout);
});

test('spiderpoolctl explain composes the request of an ADD from its switches', async () => {
  await using agent = await answering(granted);
  const pools = ['--ipv4-pool', 'a', '--ipv4-pool', 'b*', '--ipv6-pool', 'c', '--clean-gateway'];
  const pod = ['--nic', 'net1', '--pod', 'default/web-0', '--uid', 'u-1', '--container-id', 'c-1'];
  const ran = await runHere([
    'explain',
    ...pools,
    ...pod,
    '--request-ip',
    'FD00::0:15',
    '--socket',
    agent.socketPath,
  ]);
  assert.equal(ran.exitCode, 0);
  assert.deepEqual(sentBody(agent), {
    config: {
      cniVersion: '1.1.0',
      name: 'spiderpoolctl-explain',
      ipam: {
        type: 'spiderpool',
        default_ipv4_ippool: ['a', 'b*'],
        default_ipv6_ippool: ['c'],
        clean_gateway: true,
      },
    },
    env: {
      CNI_CONTAINERID: 'c-1',
      CNI_IFNAME: 'net1',
      CNI_ARGS: 'IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web-0;K8S_POD_UID=u-1;IP=fd00::15',
      CNI_NETNS: '/var/run/netns/spiderpoolctl-explain',
      CNI_PATH: '/opt/cni/bin',
    },
  });
});

test('spiderpoolctl explain names no pools, pod or address that it was not given', async () => {
  await using agent = await answering(granted);
  await runHere(['explain', '--socket', agent.socketPath]);
  const { config, env } = sentBody(agent);
  assert.deepEqual(config, {
    cniVersion: '1.1.0',
    name: 'spiderpoolctl-explain',
    ipam: { type: 'spiderpool' },
  });
  assert.equal(env['CNI_ARGS'], 'IgnoreUnknown=1');
  assert.equal(env['CNI_IFNAME'], 'eth0');
  assert.equal(env['CNI_CONTAINERID'], 'spiderpoolctl-explain');
});

const plugin = { type: 'macvlan', master: 'eth0', ipam: { type: 'spiderpool', default_ipv4_ippool: ['a'] } };

test('spiderpoolctl explain --config picks the plugin with our IPAM out of a .conflist', async () => {
  await using agent = await answering(granted);
  const path = join(agent.folder, '10-net.conflist');
  const plugins = [{ type: 'tuning' }, { type: 'bridge', ipam: { type: 'host-local' } }, plugin];
  await writeFile(path, JSON.stringify({ cniVersion: '0.4.0', name: 'vlan6', plugins }));
  const ran = await runProcess(['explain', '--config', path, '--nic', 'net1', '--socket', agent.socketPath]);
  assert.equal(ran.stderr, '');
  assert.equal(ran.exitCode, 0);
  assert.deepEqual(sentBody(agent).config, { ...plugin, cniVersion: '0.4.0', name: 'vlan6' });
});

test('spiderpoolctl explain --config - passes on a single config from stdin as it is', async () => {
  await using agent = await answering(granted);
  const config = { ...plugin, cniVersion: '1.0.0', name: 'vlan6', runtimeConfig: { ips: ['10.6.0.15'] } };
  const ran = await runHere(['explain', '--config', '-', '--socket', agent.socketPath], {
    input: JSON.stringify(config),
  });
  assert.equal(ran.exitCode, 0);
  assert.deepEqual(sentBody(agent).config, config);
});

test('spiderpoolctl explain says what is wrong with a config, and asks nobody', async () => {
  await using agent = await answering(granted);
  const cases: readonly (readonly [input: string, message: RegExp])[] = [
    ['', /network config stdin: it is not JSON/],
    ['[]', /it must be a JSON object/],
    ['{"ipam":{"type":"host-local"}}', /its ipam\.type is "host-local", not "spiderpool"/],
    ['{"name":"x"}', /its ipam\.type is missing/],
    [
      '{"plugins":[{"type":"tuning"},{"ipam":{"type":"dhcp"}}]}',
      /none of its plugins .*they have: none, "dhcp"/,
    ],
    ['{"plugins":{}}', /none of its plugins/],
    [`"${'x'.repeat(1024 * 1024)}"`, /larger than 1048576 bytes/],
  ];
  for (const [input, message] of cases) {
    const ran = await runHere(['explain', '--config', '-', '--socket', agent.socketPath], { input });
    assert.equal(ran.exitCode, 2, ran.stderr);
    assert.match(ran.stderr, message);
  }
  const missing = await runHere(['explain', '--config', join(agent.folder, 'none')]);
  assert.equal(missing.exitCode, 2);
  assert.match(missing.stderr, /ENOENT/);
  assert.deepEqual(agent.requests, []);
});

test('spiderpoolctl explain refuses switches that contradict or would forge CNI_ARGS', async () => {
  for (const [args, message] of [
    [
      ['--config', '-', '--ipv4-pool', 'a'],
      /'--config <file>' cannot be used with option '--ipv4-pool <name>'/,
    ],
    [['--config', '-', '--clean-gateway'], /cannot be used with option '--clean-gateway'/],
    [['--pod', 'web-0'], /Write NAMESPACE\/NAME/],
    [['--pod', 'default/web;IP=10.0.0.1'], /Write NAMESPACE\/NAME/],
    [['--uid', 'a=b'], /no blanks, ; or =/],
    [['--request-ip', '10.0.0.0/24'], /without its prefix length/],
  ] as const) {
    const ran = await runHere(['explain', ...args]);
    assert.equal(ran.exitCode, 2);
    assert.match(ran.stderr, message);
  }
});
