import assert from 'node:assert/strict';
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DaemonProcess } from './support/daemon-process.ts';
import { runCniOrThrow } from './support/run-cni.ts';
import { type CommandResult, runCommand, runOrThrow } from './support/run-command.ts';
import { createSandbox } from './support/sandbox.ts';
import { SocketClient } from './support/socket-client.ts';
import { type TemporaryFolder, temporaryFolder } from './support/temporary-folder.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const programs = ['spiderpool-agent', 'spiderpool-controller', 'spiderpoolctl'];
/** Four executables take 20 s, and Node for another processor may have to be fetched first. */
const packageTimeoutMs = 15 * 60_000;
const startTimeoutMs = 60_000;
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };

let scratch: TemporaryFolder;
let folder: string;

before(async () => {
  scratch = await temporaryFolder();
  await makePackage(['--arch', process.arch]);
  folder = join(scratch.path, `linux-${process.arch}`);
});
after(() => scratch[Symbol.asyncDispose]());

async function makePackage(args: readonly string[]): Promise<void> {
  const script = join(root, 'scripts/package.ts');
  const named = args.some((arg) => programs.includes(arg)) ? [] : programs;
  const all = [script, '--out', scratch.path, ...args, ...named];
  await runOrThrow(process.execPath, all, { timeoutMs: packageTimeoutMs });
}

/** Runs a packaged program where it finds nothing of the project or of Node. */
async function runPackaged(program: string, args: readonly string[], env = {}): Promise<CommandResult> {
  return runCommand(join(folder, program), args, {
    cwd: scratch.path,
    env: { PATH: '/usr/bin:/bin', HOME: scratch.path, ...env },
  });
}

describe('npm run package', () => {
  test('every executable tells the version of package.json', async () => {
    for (const program of programs) {
      const { exitCode, stdout, stderr } = await runPackaged(program, ['--version']);
      assert.deepEqual({ exitCode, stdout, stderr }, { exitCode: 0, stdout: `${version}\n`, stderr: '' });
    }
  });

  test('executables ignore NODE_OPTIONS, whatever stands in it', async () => {
    for (const program of programs) {
      const { exitCode, stdout } = await runPackaged(program, ['--version'], {
        NODE_OPTIONS: '--no-such-option --require /nowhere.js',
      });
      assert.deepEqual({ exitCode, stdout }, { exitCode: 0, stdout: `${version}\n` });
    }
  });

  test('spiderpool-controller says what it lacks when there is no cluster', async () => {
    const help = await runPackaged('spiderpool-controller', ['daemon', '--help']);
    assert.equal(help.exitCode, 0);
    assert.match(help.stdout, /--kubeconfig <file>/);
    const { exitCode, stderr } = await runPackaged('spiderpool-controller', ['daemon']);
    assert.equal(exitCode, 1);
    assert.match(stderr, /^spiderpool-controller: SPIDERPOOL_POD_NAM/);
  });

  test('spiderpool-agent serves ADD and DEL of the plugin, and spiderpoolctl talks to it', async () => {
    await using sandbox = await createSandbox();
    const [socket, pools, state] = ['agent.sock', 'pools', 'state'].map((name) => join(sandbox.folder, name));
    assert.ok(socket !== undefined && pools !== undefined && state !== undefined);
    mkdirSync(pools);
    writeFileSync(
      join(pools, 'pool.json'),
      JSON.stringify({
        apiVersion: 'spiderpool.spidernet.io/v2beta1',
        kind: 'SpiderIPPool',
        metadata: { name: 'packaged' },
        spec: { subnet: '10.9.0.0/24', ips: ['10.9.0.10-10.9.0.20'] },
      }),
    );
    const agent = new DaemonProcess();
    const args = ['daemon', '--store', 'embedded', '--socket', socket, '--data-dir', state, '--pools', pools];
    agent.spawn([...sandbox.enterCommand(), join(folder, 'spiderpool-agent'), ...args], {
      PATH: process.env['PATH'],
    });
    try {
      await untilHealthy(agent, socket);
      const netns = await sandbox.createNetworkNamespace();
      const call = {
        plugin: join(root, 'dist/spiderpool'),
        containerId: 'packaged-1',
        ifName: 'eth0',
        netns: netns.path,
        cniPath: [join(root, 'dist')],
        sandbox,
        env: { SPIDERPOOL_STATE_DIR: state },
        config: {
          cniVersion: '1.0.0',
          name: 'packaged',
          type: 'bridge',
          ipam: { type: 'spiderpool', ipam_unix_socket_path: socket, default_ipv4_ippool: ['packaged'] },
        },
      };
      const result = await runCniOrThrow({ ...call, command: 'ADD' });
      assert.match(JSON.stringify(result), /"address":"10\.9\.0\.\d+\/24"/);
      const held = await askCtl(socket, ['allocations']);
      assert.match(held, /packaged-1/);
      await runCniOrThrow({ ...call, command: 'DEL' });
      assert.doesNotMatch(await askCtl(socket, ['allocations']), /packaged-1/);
    } finally {
      assert.deepEqual(await agent.stop(), { exitCode: 0, signal: undefined });
    }
  });

  test('executables for the other architecture are ELF files for it', async () => {
    const other = process.arch === 'x64' ? 'arm64' : 'x64';
    const machine = { x64: 62, arm64: 183 }[other];
    await makePackage(['--arch', other, 'spiderpoolctl']);
    await using file = await open(join(scratch.path, `linux-${other}`, 'spiderpoolctl'));
    const { buffer } = await file.read(Buffer.alloc(20), 0, 20, 0);
    assert.equal(buffer.toString('latin1', 0, 4), '\x7fELF');
    assert.equal(buffer.readUInt16LE(18), machine, 'e_machine of the ELF header');
  });
});

async function askCtl(socket: string, args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runPackaged('spiderpoolctl', [
    '--socket',
    socket,
    ...args,
    '-o',
    'json',
  ]);
  assert.equal(exitCode, 0, stderr);
  return stdout;
}

async function untilHealthy(agent: DaemonProcess, socket: string): Promise<void> {
  using client = new SocketClient(socket);
  const deadline = performance.now() + startTimeoutMs;
  while (performance.now() < deadline) {
    assert.notEqual(agent.pid, undefined, `the agent ended at its start:\n${agent.tail}`);
    try {
      if ((await client.request('GET', '/v1/ipam/healthy')).status === 200) return;
    } catch {
      // No socket yet.
    }
    await sleep(20);
  }
  assert.fail(`the agent was not healthy after ${startTimeoutMs} ms:\n${agent.tail}`);
}

function filesOf(destination: string): string[] {
  return globSync('**/*', { cwd: destination })
    .filter((file) => statSync(join(destination, file)).isFile())
    .toSorted();
}

describe('deploy/host', () => {
  /** An unpacked archive, with one build of the plugin. */
  function unpack(): void {
    cpSync(join(root, 'deploy/host'), folder, { recursive: true });
    cpSync(join(root, 'docs/examples'), join(folder, 'examples'), { recursive: true });
    cpSync(join(root, 'docs/examples/spiderpool-agent.service'), join(folder, 'spiderpool-agent.service'));
    mkdirSync(join(folder, 'plugin'), { recursive: true });
    cpSync(join(root, 'dist/spiderpool'), join(folder, 'plugin/spiderpool-glibc'));
  }

  async function runScript(script: string, args: readonly string[], env = {}): Promise<CommandResult> {
    // From another folder, as `sh /somewhere/install.sh`.
    return runCommand('sh', [join(folder, script), ...args], {
      cwd: '/',
      env: { PATH: process.env['PATH'], ...env },
    });
  }

  const installed = [
    'etc/spidernet/pools/pools.yaml',
    'etc/systemd/system/spiderpool-agent.service',
    'opt/cni/bin/spiderpool',
    'usr/bin/spiderpool-agent',
    'usr/bin/spiderpoolctl',
  ];

  test('install.sh installs, again changes nothing, and uninstall.sh keeps pools until --purge', async () => {
    unpack();
    const destination = join(scratch.path, 'destination');
    const env = { DESTDIR: destination, PREFIX: '/usr' };
    const first = await runScript('install.sh', [], env);
    assert.equal(first.exitCode, 0, first.stderr);
    assert.deepEqual(filesOf(destination), installed);
    const unit = readFileSync(join(destination, 'etc/systemd/system/spiderpool-agent.service'), 'utf8');
    assert.match(unit, /^ExecStart=\/usr\/bin\/spiderpool-agent daemon --store embedded$/m);

    const pools = join(destination, 'etc/spidernet/pools/pools.yaml');
    writeFileSync(pools, '# mine\n');
    const second = await runScript('install.sh', [], env);
    assert.equal(second.exitCode, 0, second.stderr);
    assert.deepEqual(filesOf(destination), installed);
    assert.equal(readFileSync(pools, 'utf8'), '# mine\n');

    const list = join(destination, 'etc/cni/net.d/20-pods-bridge.conflist');
    cpSync(join(root, 'docs/examples/20-pods-bridge.conflist'), list, { recursive: true });
    const refused = await runScript('uninstall.sh', [], env);
    assert.equal(refused.exitCode, 1);
    assert.match(refused.stderr, /20-pods-bridge\.conflist still uses Spiderpool/);
    assert.deepEqual(filesOf(destination).length, installed.length + 1);

    await runOrThrow('rm', [list]);
    assert.equal((await runScript('uninstall.sh', [], env)).exitCode, 0);
    assert.deepEqual(filesOf(destination), ['etc/spidernet/pools/pools.yaml']);
    assert.equal((await runScript('uninstall.sh', ['--purge'], env)).exitCode, 0);
    assert.deepEqual(filesOf(destination), []);
  });

  test('install.sh refuses what it can not do before it changes anything', async () => {
    unpack();
    const destination = join(scratch.path, 'untouched');
    for (const [args, env, message] of [
      [['--wrong'], { DESTDIR: destination }, /unknown argument --wrong/],
      [[], { DESTDIR: 'here' }, /DESTDIR is here: write the whole path/],
      [['--cni-bin-dir'], { DESTDIR: destination }, /--cni-bin-dir needs a folder/],
      [['--cni-bin-dir', 'bin'], { DESTDIR: destination }, /bin: write the whole path/],
    ] as const) {
      const { exitCode, stderr } = await runScript('install.sh', args, env);
      assert.equal(exitCode, 1);
      assert.match(stderr, message);
    }
    await runOrThrow('mv', [join(folder, 'plugin'), join(folder, 'moved')]);
    const { exitCode, stderr } = await runScript('install.sh', [], { DESTDIR: destination });
    await runOrThrow('mv', [join(folder, 'moved'), join(folder, 'plugin')]);
    assert.equal(exitCode, 1);
    assert.match(stderr, /plugin is missing: run the script in the folder of the unpacked archive/);
    assert.equal(existsSync(destination), false);
  });
});
