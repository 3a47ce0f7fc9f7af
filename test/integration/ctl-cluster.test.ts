import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { load, loadAll } from 'js-yaml';
import { untilAllowed } from '../support/access-review.ts';
import { type CommandResult, runCommand } from '../support/run-command.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';
import { addressesOf } from './harness/answers.ts';
import { ClusterWorld } from './harness/cluster-world.ts';
import type { WorldPod } from './harness/runtime-truth.ts';
import { until } from './harness/until.ts';

const executable = fileURLToPath(new URL('../../dist/spiderpoolctl.js', import.meta.url));
const rolesFile = fileURLToPath(new URL('../../deploy/manifests/12-ctl-rbac.yaml', import.meta.url));
const rbac = '/apis/rbac.authorization.k8s.io/v1';
const nads = '/apis/k8s.cni.cncf.io/v1/namespaces/default/network-attachment-definitions';
const conf = { enableIPv4: true, enableIPv6: true, enableStatefulSet: true };
const ipam = { default_ipv4_ippool: ['lan'] };

let world: ClusterWorld;
let folder: TemporaryFolder;
/** Kubeconfigs of people with exactly the rights of the manifest: of the first role, and of both. */
let viewer: string;
let operator: string;
let web: WorldPod;
let webAddress: string;

/** Runs the tool as a script would, with nothing of this machine's configuration. */
function ctlAs(
  kubeconfig: string,
  args: readonly string[],
  options: { readonly stdin?: string } = {},
): Promise<CommandResult> {
  const env = { PATH: process.env['PATH'], HOME: folder.path, KUBECONFIG: kubeconfig };
  return runCommand(process.execPath, [executable, ...args], { env, ...options });
}

const ctl = (...args: readonly string[]): Promise<CommandResult> => ctlAs(viewer, args);

async function ctlJson(...args: readonly string[]): Promise<unknown> {
  const { exitCode, stdout, stderr } = await ctl(...args, '-o', 'json');
  assert.ok(exitCode === 0 || exitCode === 1, stderr);
  return JSON.parse(stdout);
}

async function bind(account: string, roles: readonly string[]): Promise<string> {
  const subject = { namespace: 'people', name: account };
  await world.plane.createAccount(subject);
  for (const role of roles) {
    await world.plane.ensure(`${rbac}/clusterrolebindings`, {
      metadata: { name: `${account}-${role}` },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
      subjects: [{ kind: 'ServiceAccount', ...subject }],
    });
  }
  const verb = roles.includes('spiderpool-operator') ? 'patch' : 'list';
  await untilAllowed(world.plane, subject, {
    group: 'spiderpool.spidernet.io',
    resource: 'spideripblocks',
    verb,
  });
  return world.plane.kubeconfigFor(subject);
}

/** The definition that Multus brings. */
async function createNetworkKind(): Promise<void> {
  const schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  await world.plane.ensure('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'network-attachment-definitions.k8s.cni.cncf.io' },
    spec: {
      group: 'k8s.cni.cncf.io',
      scope: 'Namespaced',
      names: { plural: 'network-attachment-definitions', kind: 'NetworkAttachmentDefinition' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
    },
  });
  await until('networks can be made', async () => {
    const config = JSON.stringify({
      cniVersion: '1.0.0',
      name: 'net-b',
      plugins: [{ type: 'macvlan', ipam: { type: 'spiderpool', default_ipv4_ippool: ['second'] } }],
    });
    const network = {
      apiVersion: 'k8s.cni.cncf.io/v1',
      kind: 'NetworkAttachmentDefinition',
      metadata: { name: 'net-b' },
      spec: { config },
    };
    const { status } = await world.plane.adminRequest('POST', nads, network);
    return status === 201 || status === 409;
  });
}

before(async () => {
  folder = await temporaryFolder();
  world = await ClusterWorld.create({ nodes: ['worker-1', 'worker-2'] });
  for (const role of loadAll(readFileSync(rolesFile, 'utf8'))) {
    await world.plane.ensure(`${rbac}/clusterroles`, role as object);
  }
  viewer = await bind('viewer', ['spiderpool-viewer']);
  operator = await bind('operator', ['spiderpool-viewer', 'spiderpool-operator']);
  await world.plane.ensure('/api/v1/namespaces/spiderpool/configmaps', {
    metadata: { name: 'spiderpool-conf' },
    data: { 'conf.yml': JSON.stringify(conf) },
  });
  await createNetworkKind();
  await world.createPool('lan', {
    subnet: '10.6.0.0/24',
    ips: ['10.6.0.10-10.6.0.19'],
    excludeIPs: ['10.6.0.19'],
    default: true,
  });
  await world.createPool('second', { subnet: '10.7.0.0/24', ips: ['10.7.0.10-10.7.0.12'] });
  await world.createPool('bound', { subnet: '10.8.0.0/24', ips: ['10.8.0.10'], nodeName: ['worker-2'] });
  await world.admin('POST', '/apis/spiderpool.spidernet.io/v2beta1/spiderreservedips', {
    apiVersion: 'spiderpool.spidernet.io/v2beta1',
    kind: 'SpiderReservedIP',
    metadata: { name: 'routers' },
    spec: { ips: ['10.6.0.18'] },
  });
  await world.untilPool('lan', ({ total }) => total === 9);
  web = await world.createPod('web', 'worker-1', {
    annotations: { 'k8s.v1.cni.cncf.io/networks': 'net-b' },
  });
  const answer = await world.add(web, ipam);
  assert.equal(answer.status, 200, answer.text);
  webAddress = addressesOf(answer)[0] ?? assert.fail('no address');
});

after(async () => {
  await world[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

suite('spiderpoolctl on a cluster', () => {
  test('pools has the counts of this moment, in every format', async () => {
    const table = await ctl('pools');
    assert.equal(table.exitCode, 0, table.stderr);
    assert.match(table.stdout, /^lan +10\.6\.0\.0\/24 +9 +1 +7 +0 +1 +1 +yes +ok$/m);
    const json = (await ctlJson('pools')) as { pools: { name: string }[] };
    assert.deepEqual(
      json.pools.map(({ name }) => name),
      ['bound', 'lan', 'second'],
    );
    assert.deepEqual(load((await ctl('pools', '-o', 'yaml')).stdout), json);
    const one = (await ctlJson('pools', 'second')) as { pools: { name: string; total: number }[] };
    assert.deepEqual(
      one.pools.map(({ name, total }) => [name, total]),
      [['second', 3]],
    );
    const none = await ctl('pools', 'nope');
    assert.equal(none.exitCode, 1);
    assert.match(none.stderr, /the cluster at https:\/\/127\.0\.0\.1:\d+ has no pool nope/);
  });

  test('allocations shows records of all nodes, and those that are asked for', async () => {
    const other = await world.createPod('other', 'worker-2');
    const [address] = addressesOf(await world.add(other, ipam));
    const listed = (await ctlJson('allocations')) as { allocations: { address: string }[] };
    assert.deepEqual(new Set(listed.allocations.map((one) => one.address)), new Set([webAddress, address]));
    assert.equal(listed.allocations.length, 2);
    assert.deepEqual(load((await ctl('allocations', '-o', 'yaml')).stdout), listed);
    const found = async (...filter: string[]): Promise<string[]> => {
      const { allocations } = (await ctlJson('allocations', ...filter)) as typeof listed;
      return allocations.map((one) => one.address);
    };
    for (const filter of [
      ['--node', 'worker-2'],
      ['--pod', 'default/other'],
      ['--uid', other.uid],
      ['--sandbox', other.sandbox],
      ['--pool', 'lan', '--pod', 'default/other', '--nic', 'eth0'],
    ]) {
      assert.deepEqual(await found(...filter), [address], filter.join(' '));
    }
    assert.deepEqual(await found('--pool', 'second'), []);
    const table = await ctl('allocations', '--node', 'worker-2');
    assert.match(table.stdout, /^ADDRESS .*\n10\.6\.0\.\d+ .*default\/other +worker-2 /);
    await world.endPod(other, ipam);
  });

  test('who tells who has an address, whether the pod lives, and who had it last', async () => {
    const holder = await ctl('who', webAddress);
    assert.equal(holder.exitCode, 0, holder.stderr);
    assert.match(holder.stdout, /belongs to default\/web\n/);
    assert.match(holder.stdout, /\n {2}now +pod default\/web exists; node worker-1 /);

    const gone = await world.createPod('gone', 'worker-2');
    const [address = ''] = addressesOf(await world.add(gone, ipam));
    await world.endPod(gone, ipam);
    const last = await ctl('who', address);
    assert.equal(last.exitCode, 1);
    assert.match(last.stdout, /^nobody has .*\n {2}pools +lan\n {2}last +default\/gone\n {2}freed +/);
    assert.match(last.stdout, /\n {2}now +pod default\/gone is gone; node worker-2 /);

    const kept = (await ctlJson('who', '10.6.0.18')) as { cluster: { reservedBy: string[] } };
    assert.deepEqual(kept.cluster.reservedBy, ['routers']);
    assert.match((await ctl('who', '10.6.0.19')).stdout, /excluded +by the excludeIPs of lan/);
    assert.match((await ctl('who', '192.0.2.1')).stdout, /in no pool/);
  });

  test('explain tells what a pod that exists has or would get, by its Multus network', async () => {
    const first = await ctl('explain', '--pod', 'default/web');
    assert.equal(first.exitCode, 0, first.stderr);
    assert.match(first.stdout, new RegExp(`address ${webAddress.replaceAll('.', '\\.')}/24 from pool lan`));
    assert.match(first.stderr, /the network configuration of NIC eth0 is a file of the node/);
    const second = await ctl('explain', '--pod', 'default/web', '--nic', 'net1');
    assert.equal(second.exitCode, 0, second.stderr);
    assert.match(
      second.stdout,
      /net1 IPv4, pools of the CNI config[^]*address 10\.7\.0\.1\d\/24 from pool second/,
    );
    const wrong = await ctl('explain', '--pod', 'default/web', '--nic', 'net2');
    assert.equal(wrong.exitCode, 1);
    assert.match(wrong.stderr, /the pod has no NIC net2: it has eth0, net1/);
    const missing = await ctl('explain', '--pod', 'default/nope');
    assert.equal(missing.exitCode, 1);
    assert.match(missing.stderr, /there is no pod default\/nope: .*--manifest/);
    assert.ok(
      (await world.uses()).every(({ pool }) => pool === 'lan'),
      'nothing was allocated',
    );
  });

  test('explain tells what a pod of a manifest would get on a node, and why not', async () => {
    const deployment = JSON.stringify({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'planned' },
      spec: {
        template: {
          metadata: { annotations: { 'ipam.spidernet.io/ippool': '{"ipv4":["bound","second"]}' } },
          spec: { containers: [] },
        },
      },
    });
    const file = join(folder.path, 'planned.yaml');
    await writeFile(file, deployment);
    const chosen = async (...args: string[]): Promise<string | undefined> => {
      const explained = (await ctlJson('explain', '--manifest', file, ...args)) as {
        nics: { pool?: string }[];
      };
      return explained.nics[0]?.pool;
    };
    assert.equal(await chosen('--node', 'worker-2'), 'bound');
    assert.equal(await chosen('--node', 'worker-1'), 'second');
    const piped = await ctlAs(viewer, ['explain', '--manifest', '-'], { stdin: deployment });
    assert.equal(piped.exitCode, 0, piped.stderr);
    assert.match(piped.stdout, /bound +rejected +has nodeName worker-2/);
    assert.match(piped.stderr, /no node is named/);
    const nowhere = await ctl('explain', '--manifest', file, '--node', 'nope');
    assert.equal(nowhere.exitCode, 1);
    assert.match(nowhere.stderr, /there is no node nope/);
  });

  test('release takes an address from a pod that is gone, asks first, and warns of one that lives', async () => {
    const living = await ctlAs(operator, ['release', webAddress]);
    assert.equal(living.exitCode, 1);
    assert.match(living.stderr, /this is no terminal: add --yes/);
    const denied = await ctl('release', webAddress, '--yes');
    assert.equal(denied.exitCode, 1);
    assert.match(denied.stderr, /WARNING: pod default\/web exists; .*goes on using/);
    assert.match(denied.stderr, /a right is missing: .*cannot patch resource .*spiderpool-operator/);

    const left = await world.createPod('left', 'worker-2');
    const [address = ''] = addressesOf(await world.add(left, ipam));
    // Its node goes down before the pod is ended: nobody frees its address there.
    await world.agent('worker-2').kill();
    await world.removePod(left);
    world.forget(left);
    const released = await ctlAs(operator, ['release', address, '--yes']);
    assert.equal(released.exitCode, 0, released.stderr);
    assert.match(
      released.stdout,
      new RegExp(`^released ${address.replaceAll('.', '\\.')} of pool lan from default/left`),
    );
    assert.ok((await world.uses()).every((use) => use.address !== address));
    const again = await ctlAs(operator, ['release', address, '--yes']);
    assert.equal(again.exitCode, 1);
    assert.match(again.stderr, /nobody has .*: there is nothing to release/);
  });

  test('gc says when no controller leads, and else what the leading one collected', async () => {
    const none = await ctlAs(operator, ['gc']);
    assert.equal(none.exitCode, 1);
    assert.match(none.stderr, /there is no Lease spiderpool\/spiderpool-controller-leases: .*--namespace/);
    await world.startController('controller-0');
    await until('a controller leads', async () => {
      const { body } = await world.plane.adminRequest(
        'GET',
        '/apis/coordination.k8s.io/v1/namespaces/spiderpool/leases/spiderpool-controller-leases',
      );
      return (body as { spec?: { holderIdentity?: string } }).spec?.holderIdentity === 'controller-0';
    });
    const collected = await ctlAs(operator, ['gc']);
    assert.equal(collected.exitCode, 0, collected.stderr);
    assert.match(collected.stdout, /^looked at \d+ records?, freed 0 addresses\n/);
    const json = await ctlAs(operator, ['gc', '-o', 'json']);
    assert.deepEqual((JSON.parse(json.stdout) as { freed: unknown }).freed, []);
    const denied = await ctl('gc');
    assert.equal(denied.exitCode, 1);
    assert.match(denied.stderr, /a right is missing: .*cannot patch resource "leases"/);
  });

  test('commands say what keeps them from a cluster, without a trace', async () => {
    const nobody = await bindless();
    const forbidden = await ctlAs(nobody, ['pools']);
    assert.equal(forbidden.exitCode, 1);
    assert.match(forbidden.stderr, /a right is missing: .*cannot list resource "spider.*spiderpool-viewer/);
    const file = await ctl('pools', '--kubeconfig', join(folder.path, 'none'));
    assert.equal(file.exitCode, 2);
    assert.match(file.stderr, /kubeconfig .*none can't be read: ENOENT/);
    const context = await ctl('pools', '--context', 'elsewhere');
    assert.equal(context.exitCode, 2);
    assert.match(context.stderr, /no cluster for its context elsewhere/);
    const away = await world.plane.kubeconfigFor(
      { namespace: 'people', name: 'viewer' },
      { server: 'https://127.0.0.1:1' },
    );
    const silent = await ctlAs(away, ['pools']);
    assert.equal(silent.exitCode, 3);
    assert.match(silent.stderr, /the API server can't be used now: .*ECONNREFUSED/);
    for (const { stderr } of [forbidden, file, context, silent]) assert.doesNotMatch(stderr, /\n\s+at /);
  });

  test('--socket is answered by that agent, whatever cluster is named', async () => {
    const socket = world.agent('worker-1').socketPath;
    const listed = await ctl('allocations', '--socket', socket, '-o', 'json');
    assert.equal(listed.exitCode, 0, listed.stderr);
    const { allocations } = JSON.parse(listed.stdout) as { allocations: { address: string }[] };
    assert.deepEqual(
      allocations.map(({ address }) => address),
      [webAddress],
    );
    const manifest = await ctlAs(viewer, ['explain', '--socket', socket, '--manifest', '-'], {
      stdin: '{"kind":"Pod","spec":{}}',
    });
    assert.equal(manifest.exitCode, 2);
    assert.match(manifest.stderr, /--manifest and --node ask a cluster/);
  });
});

/** Kubeconfig of somebody who has no rights. */
async function bindless(): Promise<string> {
  return world.plane.kubeconfigFor({ namespace: 'people', name: 'nobody' });
}
