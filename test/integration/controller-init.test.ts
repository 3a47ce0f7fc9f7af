import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { accountWith, startCommand } from '../support/controller-command.ts';
import { AdmissionWorld, pools, type Stored } from './harness/admission-world.ts';
import { until } from './harness/until.ts';

const world = await AdmissionWorld.create();
after(() => world[Symbol.asyncDispose]());
// All the rights that it needs.
const kubeconfig = await accountWith(world.plane, { namespace: 'spiderpool', name: 'init' }, [
  { apiGroups: ['spiderpool.spidernet.io'], resources: ['spiderippools'], verbs: ['get', 'create'] },
]);

function variables(name: string, subnet: string, ranges: string, family = 4): Record<string, string> {
  const prefix = `SPIDERPOOL_INIT_DEFAULT_IPV${family}_IPPOOL`;
  return { [`${prefix}_NAME`]: name, [`${prefix}_SUBNET`]: subnet, [`${prefix}_IPRANGES`]: ranges };
}

async function init(env: Record<string, string>, args: readonly string[] = []) {
  const command = startCommand(['init', ...args], { kubeconfig, env });
  const { exitCode } = await command.exit;
  return { exitCode, log: command.log };
}

async function specOf(name: string): Promise<Stored['spec']> {
  const { body } = await world.plane.adminRequest('GET', `${pools}/${name}`);
  return (body as Stored).spec;
}

test('init waits for webhooks that come late, makes the default pools, and changes nothing the second time', async () => {
  const env = {
    ...variables('default-v4-ippool', '10.6.0.0/16', '["10.6.1.1-10.6.1.9"]'),
    ...variables('default-v6-ippool', 'fd00:6::/64', 'fd00:6::1-fd00:6::9', 6),
  };
  await world.stop();
  const command = startCommand(['init'], { kubeconfig, env });
  await until('init waits', () => command.log.includes('failed calling webhook'));
  assert.notEqual(command.pid, undefined, command.log);
  await world.start();
  assert.equal((await command.exit).exitCode, 0, command.log);
  assert.match(command.log, /the webhooks answer\n/);
  const { ips, default: isDefault } = await specOf('default-v4-ippool');
  assert.deepEqual({ ips, isDefault }, { ips: ['10.6.1.1-10.6.1.9'], isDefault: true });
  assert.deepEqual((await specOf('default-v6-ippool'))['ips'], ['fd00:6::1-fd00:6::9']);

  const again = await init(env);
  assert.equal(again.exitCode, 0, again.log);
  assert.match(again.log, /"default-v4-ippool": is there already\n/);
  assert.match(again.log, /"default-v6-ippool": is there already\n/);
});

test('init leaves a pool alone that somebody has changed, and says so', async () => {
  const env = variables('changed', '10.7.0.0/16', '10.7.1.1-10.7.1.9');
  assert.equal((await init(env)).exitCode, 0);
  await world.patch(`${pools}/changed`, { spec: { ips: ['10.7.1.1-10.7.1.50'], nodeName: ['a'] } });
  const { exitCode, log } = await init(env);
  assert.equal(exitCode, 0, log);
  assert.match(log, /"changed": is there with other values and was left alone \(spec\.ips, spec\.nodeName\)/);
  assert.deepEqual((await specOf('changed'))['ips'], ['10.7.1.1-10.7.1.50']);
});

test('init refuses a wrong value, and tells what the webhooks refuse, with status 1', async () => {
  const wrong = await init(variables('wrong', '10.8.0.0/16', '10.9.0.1'));
  assert.equal(wrong.exitCode, 1);
  assert.match(wrong.log, /SPIDERPOOL_INIT_DEFAULT_IPV4_IPPOOL_IPRANGES: /);
  assert.equal((await init(variables('taken', '10.10.0.0/16', '10.10.1.1'))).exitCode, 0);
  const overlap = await init(variables('overlap', '10.10.0.0/24', '10.10.0.1'));
  assert.equal(overlap.exitCode, 1);
  assert.match(overlap.log, /making pool "overlap" was refused: .*overlaps 10\.10\.0\.0\/16 of pool "taken"/);
  assert.equal((await init({}, ['--timeout', 'soon'])).exitCode, 2);
});

test('init ends with status 1 and says where to look when no webhook answers in time', async () => {
  await world.stop();
  const { exitCode, log } = await init({}, ['--timeout', '1s']);
  await world.start();
  assert.equal(exitCode, 1);
  assert.match(
    log,
    /waiting for the webhooks took longer than 1 s: .*failed calling webhook.*kubectl get pods/,
  );
});
