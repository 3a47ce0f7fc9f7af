import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { chown } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { addressOf, assertRefused, assertSilentSuccess } from './harness/answers.ts';
import { poolManifest, reservedManifest } from './harness/manifests.ts';
import { type Call, podArgs, startNode } from './harness/node.ts';

const pools = [
  poolManifest('a-v4', {
    subnet: '10.70.0.0/24',
    ips: ['10.70.0.10-10.70.0.29'],
    excludeIPs: ['10.70.0.12'],
    gateway: '10.70.0.1',
  }),
  poolManifest('b-v4', { subnet: '10.71.0.0/24', ips: ['10.71.0.10-10.71.0.11'] }),
  poolManifest('six', { subnet: 'fd70::/64', ips: ['fd70::10-fd70::1f'] }),
  poolManifest('off', { subnet: '10.72.0.0/24', ips: ['10.72.0.10-10.72.0.11'], disable: true }),
  poolManifest('other-node', { subnet: '10.73.0.0/24', ips: ['10.73.0.10'], nodeName: ['elsewhere'] }),
  poolManifest('other-ns', { subnet: '10.74.0.0/24', ips: ['10.74.0.10'], namespaceName: ['kube-system'] }),
  poolManifest('labelled', {
    subnet: '10.75.0.0/24',
    ips: ['10.75.0.10'],
    podAffinity: { matchLabels: { app: 'web' } },
  }),
  poolManifest('multus', { subnet: '10.76.0.0/24', ips: ['10.76.0.10'], multusName: ['kube-system/net'] }),
  poolManifest('full', {
    subnet: '10.77.0.0/24',
    ips: ['10.77.0.10-10.77.0.14'],
    excludeIPs: ['10.77.0.14'],
  }),
  reservedManifest('gateways', ['10.70.0.13', '10.77.0.13', '10.79.0.1']),
];
const ipam = { default_ipv4_ippool: ['a-v4'] };

const node = await startNode({ pools, nodeName: 'here' });
after(() => node[Symbol.asyncDispose]());

const skipUnlessRoot = process.geteuid?.() === 0 ? false : 'needs root';

let containers = 0;
/** A call of a container that no other test has. */
function fresh(call: Call = {}): Call {
  containers += 1;
  return { containerId: `bad-${containers}`, ipam, ...call };
}

/** Every address that an ADD was given: nothing else may be allocated in the end. */
const given: string[] = [];
async function givenAddress(call: Call): Promise<string> {
  const address = addressOf(await node.plugin('ADD', call));
  given.push(address);
  return address;
}

/** Asserts that ADD refuses the call, and that DEL succeeds with the same input. */
async function refusesAdd(call: Call, code: number, message: RegExp): Promise<string> {
  const { msg, details } = assertRefused(await node.plugin('ADD', call), code, message);
  assertSilentSuccess(await node.plugin('DEL', call));
  return `${msg} ${details ?? ''}`;
}

// A DEL whose configuration can't be read goes to the default socket, where nobody listens: those wait side by side.
suite('stdin', { concurrency: true }, () => {
  for (const [what, stdin] of [
    ['empty', ''],
    ['blank', ' \n'],
    ['not JSON', '{"cniVersion": "1.1.0", "name": '],
    ['a list', '[]'],
    ['null', 'null'],
    [
      'larger than 1 MiB',
      JSON.stringify({ cniVersion: '1.1.0', name: 'n', filler: 'x'.repeat(1024 * 1024) }),
    ],
  ] as const) {
    test(`stdin that is ${what} is error 6, and DEL succeeds`, async () => {
      await refusesAdd(fresh({ stdin }), 6, /stdin/);
      assertRefused(await node.plugin('STATUS', fresh({ stdin })), 6, /stdin/);
    });
  }

  for (const config of [[], 'net', 7, null]) {
    test(`a configuration that is ${JSON.stringify(config)} is error 6 of the agent, and DEL succeeds`, async () => {
      const body = { ...node.requestBody(fresh()), config };
      assertRefused(await node.agent.request('POST', '/v1/cni/add', body), 6, /must be a JSON object/);
      assertSilentSuccess(await node.agent.request('POST', '/v1/cni/del', body));
    });
  }

  test('a log file or folder that is a link is not written through', { skip: skipUnlessRoot }, async () => {
    await using target = await temporaryFolder();
    const logFolder = join('/var/log', `spiderpool-test-${process.pid}`);
    mkdirSync(logFolder);
    try {
      writeFileSync(join(target.path, 'victim'), 'untouched');
      symlinkSync(join(target.path, 'victim'), join(logFolder, 'file.log'));
      symlinkSync(target.path, join(logFolder, 'folder'));
      // The plugin writes a line only where the agent is away: here nobody ever listens.
      const away = { ...ipam, ipam_unix_socket_path: join(target.path, 'none.sock'), log_level: 'debug' };
      const answers = await Promise.all(
        ['file.log', 'folder/new.log', 'good.log'].map((name) =>
          node.plugin('ADD', fresh({ ipam: { ...away, log_file_path: join(logFolder, name) } })),
        ),
      );
      const [file, folder, good] = answers;
      if (file === undefined || folder === undefined || good === undefined) throw new Error('three answers');
      assertRefused(file, 7, /log_file_path.*no links are followed/);
      assertRefused(folder, 7, /log_file_path.*no links are followed/);
      assertRefused(good, 11, /does not answer/);
      assert.deepEqual(readdirSync(target.path), ['victim']);
      assert.deepEqual(readdirSync(logFolder).sort(), ['file.log', 'folder', 'good.log']);
    } finally {
      rmSync(logFolder, { recursive: true });
    }
  });
});

suite('configuration and environment', { concurrency: 2 }, () => {
  for (const [what, config] of [
    ['a name of a wrong type', { name: 7 }],
    ['no name', { name: undefined }],
    ['an empty name', { name: '' }],
    ['a name with a slash', { name: '../net' }],
    ['a name with a control character', { name: 'net\u001b[2J' }],
    ['a name with <', { name: 'net<b>' }],
    ['ipam of a wrong type', { ipam: 'spiderpool' }],
    ['runtimeConfig of a wrong type', { runtimeConfig: [] }],
    ['requested addresses that are none', { runtimeConfig: { ips: ['10.70.0.300'] } }],
  ] as const) {
    test(`a configuration with ${what} is error 7, and DEL succeeds`, async () => {
      if (what === 'ipam of a wrong type') {
        // Without a readable socket path the plugin refuses before it asks anybody.
        assertRefused(await node.plugin('ADD', fresh({ config })), 7, /ipam/);
        return;
      }
      await refusesAdd(fresh({ config }), 7, /invalid network config/);
    });
  }

  for (const [key, value] of [
    ['default_ipv4_ippool', 'a-v4'],
    ['default_ipv4_ippool', [7]],
    ['default_ipv4_ippool', ['a-v4', 'b\u0000']],
    ['default_ipv4_ippool', Array.from({ length: 65 }, (_, index) => `pool-${index}`)],
    ['default_ipv6_ippool', { name: 'six' }],
    ['clean_gateway', 'yes'],
    ['match_master_subnet', 1],
    ['log_level', 'loud'],
    ['log_file_max_size', '10'],
    ['log_file_max_age', 1.5],
  ] as const) {
    test(`ipam.${key} of ${JSON.stringify(value).slice(0, 30)} is error 7, and DEL succeeds`, async () => {
      await refusesAdd(fresh({ ipam: { ...ipam, [key]: value } }), 7, new RegExp(`ipam\\.${key}`));
    });
  }

  for (const cniVersion of ['', '0.1.0', '0.2.0', '1.2.0', '2', 'latest', '1.1.0 ']) {
    test(`cniVersion ${JSON.stringify(cniVersion)} is error 1 with the supported ones, and DEL succeeds`, async () => {
      await refusesAdd(fresh({ cniVersion }), 1, /plugin supports .*0\.3\.0.*1\.1\.0/);
    });
  }

  for (const [what, env, code, message] of [
    ['no container id', { CNI_CONTAINERID: undefined }, 4, /CNI_CONTAINERID/],
    ['an empty container id', { CNI_CONTAINERID: '' }, 3, /CNI_CONTAINERID/],
    ['a container id with a slash', { CNI_CONTAINERID: '../../etc' }, 4, /CNI_CONTAINERID/],
    ['a container id with a control character', { CNI_CONTAINERID: 'a\u001b[31m' }, 4, /\\u001b/],
    ['a container id with &', { CNI_CONTAINERID: 'a&b' }, 4, /CNI_CONTAINERID/],
    ['a container id of 300 characters', { CNI_CONTAINERID: 'a'.repeat(300) }, 4, /CNI_CONTAINERID/],
    ['no interface', { CNI_IFNAME: undefined }, 4, /CNI_IFNAME/],
    ['an interface of 16 characters', { CNI_IFNAME: 'a'.repeat(16) }, 4, /CNI_IFNAME/],
    ['an interface with a slash', { CNI_IFNAME: 'a/b' }, 4, /CNI_IFNAME/],
    ['an interface with a control character', { CNI_IFNAME: 'eth\u0007' }, 4, /CNI_IFNAME/],
    ['the interface ..', { CNI_IFNAME: '..' }, 4, /CNI_IFNAME/],
    ['no namespace', { CNI_NETNS: undefined }, 4, /CNI_NETNS/],
    ['a namespace with a control character', { CNI_NETNS: '/run/netns/a\n' }, 4, /CNI_NETNS/],
    ['no plugin path', { CNI_PATH: undefined }, 4, /CNI_PATH/],
    ['CNI_ARGS without =', { CNI_ARGS: 'K8S_POD_NAME' }, 4, /CNI_ARGS/],
    ['CNI_ARGS with an unknown key', { CNI_ARGS: 'COLOUR=red' }, 4, /COLOUR.*IgnoreUnknown/],
    ['a requested address that is none', { CNI_ARGS: 'IP=10.70.0' }, 4, /CNI_ARGS: IP/],
    ['a pod name with <', { CNI_ARGS: 'K8S_POD_NAME=<script>' }, 4, /K8S_POD_NAME/],
    ['a pod uid with a control character', { CNI_ARGS: 'K8S_POD_UID=a\u0001' }, 4, /K8S_POD_UID/],
  ] as const) {
    test(`an environment with ${what} is error ${code}, and DEL succeeds`, async () => {
      await refusesAdd(fresh({ env }), code, message);
    });
  }

  test('an unknown command is error 4', async () => {
    assertRefused(
      await node.plugin('ADD', fresh({ env: { CNI_COMMAND: 'UPDATE' } })),
      4,
      /unknown CNI_COMMAND/,
    );
  });

  test('a DEL with a configuration that is no JSON and damaged CNI_ARGS still releases its attachment', async () => {
    const call = fresh();
    const address = addressOf(await node.plugin('ADD', call));
    // Without a configuration the plugin knows the default socket only: what it can't tell, it leaves as a tombstone.
    assertSilentSuccess(
      await node.ask('del', { ...call, config: { name: 7, cniVersion: 9 }, args: 'nonsense' }),
    );
    assert.ok(!(await node.allocations()).some((one) => one.address === address));
  });
});

suite('paths', { concurrency: 2 }, () => {
  for (const [path, message] of [
    ['agent.sock', /absolute/],
    ['/run/a\u0000b', /control/],
    ['/run/a\u001b[2Jb', /control/],
    [`/run/${'a'.repeat(120)}`, /107 bytes/],
    [7, /ipam_unix_socket_path/],
  ] as const) {
    test(`the socket path ${JSON.stringify(path).slice(0, 40)} is refused`, async () => {
      const call = fresh({ ipam: { ...ipam, ipam_unix_socket_path: path } });
      assertRefused(await node.plugin('ADD', call), 7, message);
      assertSilentSuccess(await node.plugin('DEL', call));
    });
  }

  for (const path of [
    '/etc/cron.d/job',
    '/var/log/../../etc/passwd',
    '/var/log/./a',
    '/var/log',
    '/var/log/spidernet/',
    'spiderpool.log',
    '/var/logs/a',
    '/var/log/a\nb',
  ]) {
    test(`the log path ${JSON.stringify(path)} is refused and nothing is written`, async () => {
      const call = fresh({ ipam: { ...ipam, log_file_path: path, log_level: 'debug' } });
      await refusesAdd(
        call,
        7,
        /log_file_path must (name a file below \/var\/log|be an absolute|not contain)/,
      );
      assert.ok(!existsSync('/etc/cron.d/job') && !existsSync('/var/logs'));
    });
  }

  test('a link, a file, a folder and another user’s socket are not talked to', {
    skip: skipUnlessRoot,
  }, async () => {
    await using folder = await temporaryFolder();
    let requests = 0;
    const impostor = createServer((_, response) => {
      requests += 1;
      response.end('{"cniVersion":"1.1.0","ips":[]}');
    });
    const socket = join(folder.path, 'foreign.sock');
    await new Promise<void>((resolve) => impostor.listen(socket, resolve));
    try {
      await chown(socket, 65_534, 65_534);
      symlinkSync(node.agent.socketPath, join(folder.path, 'link.sock'));
      writeFileSync(join(folder.path, 'file.sock'), '');
      mkdirSync(join(folder.path, 'folder.sock'));
      for (const [name, message] of [
        ['foreign.sock', /belongs to user 65534/],
        ['link.sock', /is a link/],
        ['file.sock', /is not a socket/],
        ['folder.sock', /is not a socket/],
      ] as const) {
        const call = fresh({ ipam: { ...ipam, ipam_unix_socket_path: join(folder.path, name) } });
        await refusesAdd(call, 7, message);
      }
      assert.equal(requests, 0);
    } finally {
      impostor.close();
    }
  });
});

suite('selection of pools', { concurrency: 2 }, () => {
  for (const [what, list, code, message] of [
    ['an unknown pool', ['nowhere'], 101, /pool nowhere.* does not exist.*existing IPv4 pools: a-v4, b-v4/],
    ['an unknown pool beside a good one', ['a-v4', 'nowhere'], 101, /pool nowhere/],
    ['a pattern that matches nothing', ['net-*'], 101, /pattern "net-\*".* matches no IPv4 pool/],
    ['a malformed pattern', ['[a-]*'], 105, /pattern "\[a-\]\*".* is malformed/],
    ['a pool named twice', ['a-v4', 'a-v4'], 105, /a-v4 is named twice/],
    ['a pool named by a pattern again', ['a-v4', '*-v4'], 105, /a-v4 is named twice.*\*-v4/],
    ['a disabled pool', ['off'], 102, /pool off is disabled/],
    ['a pool of the other family', ['six'], 102, /pool six is an IPv6 pool in the IPv4 list/],
    ['a pool of another node', ['other-node'], 102, /nodeName elsewhere, and the node is here/],
    [
      'a pool of another namespace',
      ['other-ns'],
      102,
      /namespaceName kube-system, and the namespace is default/,
    ],
    ['a pool for labelled pods', ['labelled'], 102, /podAffinity.*not known without a cluster/],
    [
      'a pool of a Multus network',
      ['multus'],
      102,
      /multusName kube-system\/net.*not known without a cluster/,
    ],
  ] as const) {
    test(`${what} is error ${code} with the reason`, async () => {
      await refusesAdd(fresh({ ipam: { default_ipv4_ippool: list }, args: podArgs('pod') }), code, message);
    });
  }

  test('pools that are all filtered are error 102 with the reason of each', async () => {
    const list = ['off', 'six', 'other-node', 'labelled'];
    const text = await refusesAdd(
      fresh({ ipam: { default_ipv4_ippool: list } }),
      102,
      /no pool of the CNI config/,
    );
    for (const name of list) assert.match(text, new RegExp(`pool ${name} (is|has) `));
  });

  test('no selection at all is error 100 and says what to set', async () => {
    await refusesAdd(fresh({ ipam: {} }), 100, /default_ipv4_ippool.*spec\.default: true/);
  });

  test('match_master_subnet without an SR-IOV function is refused with the reason', async () => {
    await refusesAdd(fresh({ ipam: { ...ipam, match_master_subnet: true } }), 102, /SR-IOV/);
  });

  test('an exhausted pool is error 103 with every count, and tells which pools were not tried', async () => {
    const calls = ['full-1', 'full-2', 'full-3'].map((containerId) => ({
      containerId,
      ipam: { default_ipv4_ippool: ['full', 'off'] },
    }));
    for (const call of calls) await givenAddress(call);
    const text = await refusesAdd(
      fresh({ ipam: { default_ipv4_ippool: ['full', 'off'] } }),
      103,
      /no free IPv4 address/,
    );
    assert.match(text, /pool full \(total 4, allocated 3, reserved 1, excluded 1, suspect 0\)/);
    assert.match(text, /not tried: pool off is disabled/);
  });
});

suite('requested addresses', { concurrency: 2 }, () => {
  test('an address is given when it is free, by each of the ways to ask for it', async () => {
    const ways: readonly [string, Call][] = [
      ['10.70.0.20', { args: 'IP=10.70.0.20' }],
      ['10.70.0.21', { config: { args: { cni: { ips: ['10.70.0.21/24'] } } } }],
      ['10.70.0.22', { config: { runtimeConfig: { ips: ['10.70.0.22'] } }, args: 'IP=10.70.0.23' }],
    ];
    for (const [address, call] of ways) assert.equal(await givenAddress(fresh(call)), address);
  });

  for (const [what, address, message] of [
    ['excluded', '10.70.0.12', /pool a-v4 excludes 10\.70\.0\.12/],
    ['reserved', '10.70.0.13', /SpiderReservedIP reserves it/],
    [
      'outside of the pool',
      '10.70.0.99',
      /pool a-v4 does not contain 10\.70\.0\.99 \(its ips are 10\.70\.0\.10-/,
    ],
    ['of a family without a pool', 'fd70::11', /no IPv6 pool is selected/],
  ] as const) {
    test(`an address that is ${what} is error 104 and says why`, async () => {
      await refusesAdd(fresh({ args: `IP=${address}` }), 104, message);
    });
  }

  test('an address that is taken is error 104 and names who has it', async () => {
    const holder = fresh({ args: { ...podArgs('holder'), IP: '10.70.0.25' } });
    assert.equal(await givenAddress(holder), '10.70.0.25');
    await refusesAdd(fresh({ args: 'IP=10.70.0.25' }), 104, /10\.70\.0\.25 is taken: pod default\/holder/);
  });

  test('an address beside the one that the NIC has is error 104', async () => {
    const call = fresh();
    const standing = await givenAddress(call);
    const answer = await node.plugin('ADD', { ...call, args: 'IP=10.70.0.26' });
    assertRefused(answer, 104, new RegExp(`already has ${standing}`));
  });

  test('two addresses of one family are error 104', async () => {
    const config = { runtimeConfig: { ips: ['10.70.0.27', '10.70.0.28'] } };
    await refusesAdd(fresh({ config }), 104, /more than one address of a family/);
  });
});

test('no refused ADD has allocated anything, and no DEL of one has freed anything', async () => {
  const allocated = (await node.allocations()).map(({ address }) => address);
  assert.deepEqual(allocated.toSorted(), given.toSorted());
});
