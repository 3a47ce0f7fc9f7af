import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { runCommand } from '../support/run-command.ts';
import { type Host, makeBusyboxArchive, startHost } from './host/host.ts';
import { pageBlock } from './host/runtime-page.ts';
import { testRuntime } from './host/test-runtime.ts';

/**
 * What has nothing to do with the page: runc, which also runs in a container without systemd and with both versions of cgroups; limits that a
 * root without CAP_SYS_RESOURCE may set; images in folders that are copied, in memory.
 */
const ownSettings = `
[containers]
default_ulimits = []
log_driver = "k8s-file"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
`;
const storage = `
[storage]
driver = "vfs"
runroot = "/run/containers/storage"
graphroot = "/var/lib/containers/storage"
`;
const policy = '{ "default": [{ "type": "insecureAcceptAnything" }] }';

async function whyNot(): Promise<string | undefined> {
  const install =
    'apt-get install --no-install-recommends podman containernetworking-plugins runc iptables busybox-static';
  const { exitCode, stdout } = await runCommand('sh', [
    '-c',
    'command -v runc iptables busybox >/dev/null && test -x /usr/lib/cni/portmap && podman --version',
  ]).catch(() => ({ exitCode: 1, stdout: '' }));
  if (exitCode !== 0) return `Podman 4 with its CNI backend is not installed: ${install}`;
  const [, major] = /(\d+)\.\d+/.exec(stdout) ?? [];
  return major === '4' ? undefined : `${stdout.trim()} is not Podman 4, which runs CNI plugins`;
}

const skip = (await whyNot()) ?? false;

describe('docs/podman-and-nerdctl.md, Podman', { skip }, () => {
  let host: Host | undefined;
  const running = (): Host => {
    assert.ok(host !== undefined, 'the host did not start');
    return host;
  };
  before(async () => {
    host = await startHost();
    await host.writeFile('/etc/containers/containers.conf', `${pageBlock('toml')}${ownSettings}`);
    await host.writeFile('/etc/containers/storage.conf', storage);
    await host.writeFile('/etc/containers/policy.json', policy);
    await host.run(`podman load -i ${await makeBusyboxArchive(host)}`);
  });
  after(async () => host?.[Symbol.asyncDispose]());

  test('podman info answers cni', async () => {
    assert.equal((await running().run('podman info --format {{.Host.NetworkBackend}}')).trim(), 'cni');
  });

  testRuntime({ name: 'podman', heldBy: () => 'web' }, running);
});
