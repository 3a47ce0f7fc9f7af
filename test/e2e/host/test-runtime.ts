import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { until } from '../../integration/harness/until.ts';
import { findProcesses, type Host } from './host.ts';
import { pageCommands, pageRefusal } from './runtime-page.ts';

/** What the container `web` runs, as the kernel shows it. */
const webCommand = 'sleep\u00001000\u0000';

/** What one runtime does otherwise than another. */
export interface RuntimeUnderTest {
  readonly name: 'podman' | 'nerdctl';
  /** What `allocations` shows as holder of the container `web`, by the page. */
  readonly heldBy: (id: string) => string;
  /**
   * The daemon that cleans up behind what watches a container. Such a runtime's network namespaces end with their container; one without a daemon
   * mounts them, and they outlive it.
   */
  readonly daemon?: { readonly start: () => Promise<void>; readonly kill: () => Promise<void> };
}

/** By the page within 30 s; a loaded machine gets its time. */
const sweptTimeoutMs = 180_000;
/** Of `docs/examples/pools.yaml`. */
const inPool = /^10\.20\.0\.(?:[1-9]\d|1\d\d|2[0-4]\d|250)$/;

/** Follows the page's commands for a runtime on a host. */
export function testRuntime({ name, heldBy, daemon }: RuntimeUnderTest, host: () => Host): void {
  const commands = pageCommands(name);
  const only = (pattern: RegExp): string => {
    const [command, ...others] = commands.filter((line) => pattern.test(line));
    assert.ok(command !== undefined && others.length === 0, `${String(pattern)} in ${commands.join('\n')}`);
    return command;
  };
  const certain = commands.filter((line) => /ip[ =]10\./.test(line));
  const startWeb = only(/ run -d .*--name web /);
  const removeWeb = only(/ rm -f .*web$/);
  const holder = async (): Promise<string | undefined> => (await host().allocations())[0]?.address;
  /** @returns address and id of the container */
  const start = async (): Promise<{ readonly address: string; readonly id: string }> => {
    const id = (await host().run(startWeb)).trim();
    const [allocation, ...others] = await host().allocations();
    assert.ok(allocation !== undefined && others.length === 0);
    assert.match(allocation.address, inPool);
    assert.equal(allocation.network, 'pods-bridge');
    assert.equal(allocation.heldBy, heldBy(id));
    return { address: allocation.address, id };
  };

  // One that failed must not make the others fail.
  afterEach(async () => host().try(removeWeb));

  describe('addresses', () => {
    test(`${name} lists the network`, async () => {
      assert.match(await host().run(only(/ network ls$/)), /\bpods-bridge\b/);
    });

    test(`${name} run gives a container an address of the pool`, async () => {
      assert.match(addressOf(await host().run(only(/ run --rm --net\S* pods-bridge busybox /))), inPool);
      assert.equal(await holder(), undefined);
    });

    assert.ok(certain.length > 0);
    for (const command of certain) {
      test(`${command} gives that address, and again at once`, async () => {
        const [, wanted] = /ip[ =](\S+)/.exec(command) ?? [];
        assert.equal(addressOf(await host().run(command)), wanted);
        assert.equal(addressOf(await host().run(command)), wanted);
      });
    }

    test(`${name} run says why an address outside of the pool is refused`, async () => {
      const { address, message } = pageRefusal();
      const command = only(/ --ip /).replace(/--ip \S+/, `--ip ${address}`);
      const { exitCode, stdout, stderr } = await host().try(command);
      assert.notEqual(exitCode, 0, stdout);
      assert.ok(stderr.includes(message), stderr);
      assert.equal(await holder(), undefined);
    });

    test(`${name} run says why an address that somebody has is refused`, async () => {
      const { address } = await start();
      const { exitCode, stdout, stderr } = await host().try(
        only(/ --ip /).replace(/--ip \S+/, `--ip ${address}`),
      );
      assert.notEqual(exitCode, 0, stdout);
      assert.ok(stderr.includes(`the requested address ${address} is taken: `), stderr);
    });
  });

  describe('removing', () => {
    test(`${name} rm frees the address, which then rests`, async () => {
      const { address, id } = await start();
      const who = await host().run(`spiderpoolctl who ${address}`);
      assert.ok(who.startsWith(`${address} belongs to ${heldBy(id)}\n`), who);
      assert.match(who, /^ +pool +bridge-v4$/m);
      await host().run(removeWeb);
      assert.equal(await holder(), undefined);
      const { exitCode, stdout } = await host().try(`spiderpoolctl who ${address}`);
      assert.equal(exitCode, 1);
      assert.ok(stdout.startsWith(`nobody has ${address}\n`), stdout);
      assert.ok(stdout.includes(` last     ${heldBy(id)}\n`), stdout);
      assert.ok((await coolingCount(host())) > 0);
    });

    test(`${name} rm leaves a note while the agent is away, which frees the address when it is back`, async () => {
      await start();
      await host().stopAgent();
      await host().run(removeWeb);
      await host().startAgent();
      await until('the address is free', async () => (await holder()) === undefined);
    });

    if (daemon === undefined) {
      test(`${name} rm of a container that was killed frees what its namespace held`, async () => {
        const { address, id } = await start();
        await killContainer(id);
        assert.equal(await holder(), address);
        await host().run(removeWeb);
        assert.equal(await holder(), undefined);
      });
    }

    test('the agent frees the address of a container that was killed, once its namespace is gone', async () => {
      const { address, id } = await start();
      const { stdout } = await host().try('ls /run/netns');
      await daemon?.kill();
      await killContainer(id);
      if (daemon === undefined) {
        assert.equal(await holder(), address);
        await host().run(`umount /run/netns/${stdout.trim()} && rm /run/netns/${stdout.trim()}`);
      } else assert.equal(stdout, '');
      await until('the address is free', async () => (await holder()) === undefined, sweptTimeoutMs);
      await daemon?.start();
      await host().run(removeWeb);
    });

    test('a network is gone with its file', async () => {
      await host().run('rm /etc/cni/net.d/20-pods-bridge.conflist');
      assert.doesNotMatch(await host().run(only(/ network ls$/)), /pods-bridge/);
    });
  });
}

function addressOf(output: string): string {
  const [, address] = /inet (\S+)\/24 /.exec(output) ?? [];
  assert.ok(address !== undefined, output);
  return address;
}

async function coolingCount(host: Host): Promise<number> {
  const [titles = '', ...rows] = (await host.run('spiderpoolctl pools')).split('\n');
  const row = rows.find((line) => line.startsWith('bridge-v4 ')) ?? '';
  return Number(row.split(/ {2,}/)[titles.split(/ {2,}/).indexOf('COOLING')]);
}

/** Ends what watches the container, then the container, so that neither can clean up behind it. */
async function killContainer(id: string): Promise<void> {
  const watchers = await findProcesses(id);
  assert.ok(watchers.length > 0, 'nobody watches the container');
  for (const pid of watchers) process.kill(pid, 'SIGKILL');
  const [container, ...others] = await findProcesses(webCommand);
  assert.ok(container !== undefined && others.length === 0, 'there is one container');
  process.kill(container, 'SIGKILL');
  await until('the container has ended', async () => {
    const left = [...(await findProcesses(webCommand)), ...(await findProcesses(id))];
    return left.length === 0;
  });
}
