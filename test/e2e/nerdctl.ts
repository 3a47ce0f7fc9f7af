import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { until } from '../integration/harness/until.ts';
import { runCommand } from '../support/run-command.ts';
import { type Host, makeBusyboxArchive, startHost } from './host/host.ts';
import { testRuntime } from './host/test-runtime.ts';

/** NERDCTL names one that is not in the PATH. */
const nerdctl = process.env['NERDCTL'] ?? 'nerdctl';

async function whyNot(): Promise<string | undefined> {
  const found = await runCommand('sh', ['-c', 'command -v "$0"', nerdctl]);
  if (found.exitCode !== 0) {
    return 'nerdctl is not installed: put a release of github.com/containerd/nerdctl into the PATH, or name it by NERDCTL';
  }
  const others = 'command -v containerd runc iptables busybox >/dev/null && test -x /usr/lib/cni/portmap';
  if ((await runCommand('sh', ['-c', others])).exitCode === 0) return undefined;
  return 'what nerdctl needs is not installed: apt-get install --no-install-recommends containerd containernetworking-plugins runc iptables busybox-static';
}

const skip = (await whyNot()) ?? false;

describe('docs/podman-and-nerdctl.md, nerdctl', { skip }, () => {
  let host: Host | undefined;
  const running = (): Host => {
    assert.ok(host !== undefined, 'the host did not start');
    return host;
  };
  let containerd: ChildProcess | undefined;
  const daemon = {
    async start(): Promise<void> {
      containerd = await running().start('host-containerd', 'containerd');
      await until('containerd answers', async () => (await running().try('nerdctl ps')).exitCode === 0);
    },
    async kill(): Promise<void> {
      assert.ok(containerd !== undefined);
      const ended = once(containerd, 'exit');
      containerd.kill('SIGKILL');
      await ended;
    },
  };
  before(async () => {
    host = await startHost();
    await host.run('cp /usr/lib/cni/portmap /usr/lib/cni/firewall /usr/lib/cni/tuning /opt/cni/bin/');
    await host.addProgram('nerdctl', nerdctl);
    await daemon.start();
    await host.run(`nerdctl load -i ${await makeBusyboxArchive(host)}`);
  });
  after(async () => host?.[Symbol.asyncDispose]());

  test('nerdctl network ls shows no id for the network', async () => {
    assert.match(await running().run('nerdctl network ls'), /^ +pods-bridge\b/m);
  });

  testRuntime(
    // Twelve characters of the id that nerdctl tells.
    { name: 'nerdctl', heldBy: (id) => `container ${`default-${id}`.slice(0, 12)}`, daemon },
    running,
  );
});
