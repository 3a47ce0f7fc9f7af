import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import {
  chmod,
  copyFile,
  mkdir,
  open,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { versionResponse } from '../../src/cni/version-response.ts';
import { makeHostRoot, withMounts } from '../support/host-root.ts';
import { type CommandResult, runCommand, runOrThrow } from '../support/run-command.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
const plugin = join(dist, 'spiderpool');
const agent = [join(dist, 'spiderpool-agent.js'), 'install'];
const answer = JSON.stringify(versionResponse);
const list = {
  cniVersion: '1.0.0',
  name: 'lan',
  plugins: [{ type: 'macvlan', master: 'eth0', ipam: { type: 'spiderpool', default_ipv4_ippool: ['lan'] } }],
};

interface Host extends AsyncDisposable {
  /** Its root, as this machine sees it. */
  readonly root: string;
  readonly bin: string;
  readonly conf: string;
  /** Builds of the plugin. */
  readonly source: string;
  readonly installed: string;
  /** Arguments that name the folders. */
  readonly places: readonly string[];
  install(options?: { args?: readonly string[]; mounts?: readonly string[] }): Promise<CommandResult>;
}

/** A host of its own: a root file system with glibc and a shell; nothing is installed, and there is no build to install. */
async function makeHost(): Promise<Host> {
  const folder = await temporaryFolder();
  const root = join(folder.path, 'root');
  const source = join(folder.path, 'source');
  await mkdir(source);
  await mkdir(root);
  await makeHostRoot(root, plugin);
  const bin = join(root, 'opt/cni/bin');
  const places = ['--source', source, '--host-root', root, '--bin-dir', bin];
  return {
    places,
    root,
    bin,
    conf: join(root, 'etc/cni/net.d'),
    source,
    installed: join(bin, 'spiderpool'),
    install: async ({ args = [], mounts = [] } = {}) => {
      const [program, ...rest] = withMounts(root, [process.execPath, ...agent, ...places, ...args], mounts);
      return runCommand(program, rest, { timeoutMs: 120_000 });
    },
    [Symbol.asyncDispose]: async () => folder[Symbol.asyncDispose](),
  };
}

async function addScript(host: Host, name: string, text: string): Promise<void> {
  await writeFile(join(host.source, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
}

/** The real plugin for a C library that no host has. */
async function addForeignBuild(host: Host, name: string): Promise<void> {
  const file = join(host.source, name);
  await copyFile(plugin, file);
  await using handle = await open(file, 'r+');
  const head = Buffer.alloc(64 * 1024);
  await handle.read(head, 0, head.length, 0);
  const at = head.indexOf('/ld-linux');
  assert.ok(at > 0, 'the loader is named at the beginning of the file');
  await handle.write('/ld-other', at);
}

/** The real plugin with one byte changed that nobody reads: the last one of ELF's e_ident. */
async function addVariant(file: string): Promise<void> {
  await copyFile(plugin, file);
  await using handle = await open(file, 'r+');
  await handle.write(Buffer.of(1), 0, 1, 15);
}

function logOf({ stdout }: CommandResult): readonly Record<string, unknown>[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

async function drafts(folder: string): Promise<readonly string[]> {
  return (await readdir(folder)).filter((name) => name.startsWith('.'));
}

function assertInstalled(result: CommandResult, build: string): void {
  assert.equal(result.exitCode, 0, result.stderr + result.stdout);
  assert.equal(logOf(result).findLast(({ msg }) => msg === 'installed the plugin')?.['build'], build);
}

test('install puts the plugin on a host, where it answers, and writes the same bytes only once', async () => {
  await using host = await makeHost();
  await copyFile(plugin, join(host.source, 'spiderpool-glibc'));
  await chmod(join(host.source, 'spiderpool-glibc'), 0o600);
  await rm(host.bin, { recursive: true });
  assertInstalled(await host.install(), 'spiderpool-glibc');
  assert.deepEqual(await readdir(host.bin), ['spiderpool']);
  const before = await stat(host.installed);
  assert.equal(before.mode & 0o7777, 0o755);
  const [program, ...args] = withMounts(host.root, ['chroot', host.root, '/opt/cni/bin/spiderpool']);
  const said = await runOrThrow(program, args, { env: { ...process.env, CNI_COMMAND: 'VERSION' } });
  assert.deepEqual(JSON.parse(said), versionResponse);

  const again = await host.install();
  assert.equal(again.exitCode, 0, again.stderr);
  assert.equal(logOf(again).at(-1)?.['msg'], 'the plugin is installed already, and answers');
  const after = await stat(host.installed);
  assert.deepEqual([after.ino, after.mtimeMs], [before.ino, before.mtimeMs]);

  await chmod(host.installed, 0o644);
  assertInstalled(await host.install(), 'spiderpool-glibc');
  assert.equal((await stat(host.installed)).mode & 0o7777, 0o755);

  // It is tried each time: a host may have changed.
  await rm(join(host.root, 'lib64'), { recursive: true, force: true });
  await rm(join(host.root, 'lib'), { recursive: true, force: true });
  const failed = await host.install();
  assert.equal(failed.exitCode, 1);
  assert.match(failed.stderr, /spiderpool-glibc: .*no loader for this C library/);
  assert.deepEqual(await readdir(host.bin), ['spiderpool']);
});

test('install takes the first build that runs, and tells why the others do not', async () => {
  await using host = await makeHost();
  await addForeignBuild(host, 'spiderpool-a-foreign');
  await addScript(host, 'spiderpool-b-crash', 'kill -ILL $$');
  await addScript(host, 'spiderpool-c-false', `echo '{"cniVersion":"9.9.9"}'`);
  await addScript(host, 'spiderpool-d-fails', `echo '${answer}'; echo broken library >&2; exit 3`);
  await addScript(
    host,
    'spiderpool-e-loud',
    'while :; do echo yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy; done',
  );
  await copyFile(plugin, join(host.source, 'spiderpool-glibc'));
  await addScript(host, 'spiderpool-musl', 'exit 1');
  const result = await host.install();
  assertInstalled(result, 'spiderpool-glibc');
  const problems = Object.fromEntries(logOf(result).map(({ build, problem }) => [build, problem ?? 'none']));
  assert.match(String(problems['spiderpool-a-foreign']), /no loader for this C library/);
  assert.match(String(problems['spiderpool-b-crash']), /SIGILL: the processor lacks instructions/);
  assert.match(String(problems['spiderpool-c-false']), /answered VERSION with .*9\.9\.9.* instead of/);
  assert.match(String(problems['spiderpool-d-fails']), /exit status 3 \(broken library\)/);
  assert.match(String(problems['spiderpool-e-loud']), /more than \d+ bytes/);
  assert.ok(!('spiderpool-musl' in problems), 'what comes after is not tried');
  assert.ok((await readFile(host.installed)).equals(await readFile(plugin)));
  assert.deepEqual(await drafts(host.bin), []);
});

test('install calls the plugin with the request of VERSION and nothing else in its environment', async () => {
  await using host = await makeHost();
  await addScript(
    host,
    'spiderpool-glibc',
    `read -r request || :
     case "$request" in '{"cniVersion":"1.1.0"}') ;; *) echo "stdin: $request" >&2; exit 1;; esac
     [ "$CNI_COMMAND" = VERSION ] || exit 2
     [ -z "$SPIDERPOOL_LOG_LEVEL$HOME$CNI_PATH" ] || { echo environment >&2; exit 3; }
     echo '${answer}'`,
  );
  assertInstalled(await host.install(), 'spiderpool-glibc');
});

test('install leaves everything as it is when no build runs', async () => {
  await using host = await makeHost();
  await writeFile(host.installed, 'the one of before', { mode: 0o755 });
  await addForeignBuild(host, 'spiderpool-glibc');
  await addScript(host, 'spiderpool-musl', 'exit 7');
  const config = join(host.source, 'lan.conflist');
  await writeFile(config, JSON.stringify(list));
  const result = await host.install({ args: ['--network-config', config, '--conf-dir', host.conf] });
  assert.equal(result.exitCode, 1);
  assert.match(result.stderr, /no build of the plugin runs on this host; what was installed before stays/);
  assert.match(result.stderr, /spiderpool-glibc: .*\n.*spiderpool-musl: it ended with exit status 7/);
  assert.equal(await readFile(host.installed, 'utf8'), 'the one of before');
  assert.deepEqual(await readdir(host.bin), ['spiderpool']);
  assert.deepEqual(await readdir(host.conf), [], 'no network without its plugin');
});

test('install says what is missing when it is called with the wrong folders', async () => {
  await using host = await makeHost();
  const none = await host.install();
  assert.equal(none.exitCode, 1);
  assert.match(none.stderr, /has no build of the plugin.*--source/);
  const absent = await host.install({ args: ['--source', join(host.root, 'absent')] });
  assert.match(absent.stderr, /can't be read: .*--source/);
  await copyFile(plugin, join(host.source, 'spiderpool-glibc'));
  const elsewhere = await host.install({ args: ['--host-bin-dir', '/opt/other/bin'] });
  assert.equal(elsewhere.exitCode, 1);
  assert.match(elsewhere.stderr, /--host-bin-dir is not the host's name of --bin-dir/);
  const relative = await host.install({ args: ['--host-bin-dir', 'opt'] });
  assert.match(relative.stderr, /--host-bin-dir is "opt": write the whole path/);
  const noProc = await runCommand(process.execPath, [...agent, ...host.places]);
  assert.equal(noProc.exitCode, 1);
  assert.match(noProc.stderr, /is not the host's \/proc: mount the host's root with all mounts below it/);
  assert.deepEqual(await readdir(host.bin), []);
});

test('install tells of a folder that is read-only, or mounted with noexec', async () => {
  await using host = await makeHost();
  await copyFile(plugin, join(host.source, 'spiderpool-glibc'));
  const readOnly = await host.install({ mounts: [`-t tmpfs -o ro none ${host.bin}`] });
  assert.equal(readOnly.exitCode, 1);
  assert.match(readOnly.stderr, /can't write into .*: it is mounted read-only/);
  const noExec = await host.install({ mounts: [`-t tmpfs -o noexec none ${host.bin}`] });
  assert.equal(noExec.exitCode, 1);
  assert.match(noExec.stderr, /spiderpool-glibc: .*[Pp]ermission denied.*mounted with noexec/);
  const full = await host.install({ mounts: [`-t tmpfs -o size=1m none ${host.bin}`] });
  assert.equal(full.exitCode, 1);
  assert.match(full.stderr, /can't write into .*: the file system is full/);
});

test('install removes drafts of runs that were killed, and not those of one that runs', async () => {
  await using host = await makeHost();
  await addScript(host, 'spiderpool-glibc', `echo '${answer}'`);
  const hourAgo = new Date(Date.now() - 3_600_000);
  for (const name of ['.spiderpool.new', '.spiderpool.new-old', '.other.new-old', '.spiderpool.new-now']) {
    await writeFile(join(host.bin, name), '');
    if (!name.endsWith('now')) await utimes(join(host.bin, name), hourAgo, hourAgo);
  }
  assertInstalled(await host.install(), 'spiderpool-glibc');
  assert.deepEqual((await drafts(host.bin)).toSorted(), ['.other.new-old', '.spiderpool.new-now']);
});

test('install leaves nothing behind when it is ended while a build hangs', async () => {
  await using host = await makeHost();
  await runOrThrow('mkfifo', [join(host.root, 'opt/pipe')]);
  // The child of the build hangs as well, and holds its output open.
  await addScript(host, 'spiderpool-glibc', 'read -r nothing < /opt/pipe & echo "$$ $!" > /opt/pids; wait');
  const [program, ...args] = withMounts(host.root, [process.execPath, ...agent, ...host.places]);
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(child, 'close');
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const pids = await readPids(join(host.root, 'opt/pids'), () => child.exitCode === null);
  assert.deepEqual(pids.map(isRunning), [true, true]);
  child.kill('SIGTERM');
  assert.deepEqual(await ended, [1, null]);
  assert.match(said, /ended by a signal; what was installed before stays/);
  assert.deepEqual(await readdir(host.bin), []);
  while (pids.some(isRunning)) await sleep(20);
});

async function readPids(file: string, isExpected: () => boolean): Promise<readonly number[]> {
  while (isExpected()) {
    const text = await readFile(file, 'utf8').catch(() => '');
    if (text.endsWith('\n')) return text.trim().split(' ').map(Number);
    await sleep(20);
  }
  throw new Error('the build was not tried');
}

/** False too for one that has ended and waits to be collected. */
function isRunning(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

test('install replaces a plugin that is being called without a failed call', async () => {
  await using host = await makeHost();
  const others = join(host.root, 'others');
  await mkdir(others);
  await copyFile(plugin, join(host.source, 'spiderpool-glibc'));
  await addVariant(join(others, 'spiderpool-glibc'));
  assertInstalled(await host.install(), 'spiderpool-glibc');
  const done = new AbortController();
  let calls = 0;
  async function callUntilDone(): Promise<void> {
    while (!done.signal.aborted) {
      const said = await runOrThrow(host.installed, [], { env: { CNI_COMMAND: 'VERSION' } });
      assert.equal(said.trim(), answer);
      calls += 1;
    }
  }
  const calling = callUntilDone();
  for (const source of [others, host.source, others, host.source]) {
    assertInstalled(await host.install({ args: ['--source', source] }), 'spiderpool-glibc');
  }
  done.abort();
  await calling;
  assert.ok(calls > 0);
});

test('install works on this host itself, without a changed root', async () => {
  await using folder = await temporaryFolder();
  const bin = join(folder.path, 'new/bin');
  const args = [...agent, '--source', join(folder.path, 'source'), '--bin-dir', bin];
  await mkdir(join(folder.path, 'source'));
  await copyFile(plugin, join(folder.path, 'source/spiderpool-glibc'));
  // No chroot is needed here.
  assertInstalled(await runCommand(process.execPath, args, { env: { PATH: '' } }), 'spiderpool-glibc');
  const said = await runOrThrow(join(bin, 'spiderpool'), [], { env: { CNI_COMMAND: 'VERSION' } });
  assert.deepEqual(JSON.parse(said), versionResponse);
});

test('install writes a network list after the plugin, and only when it differs', async () => {
  await using host = await makeHost();
  await addScript(host, 'spiderpool-glibc', `echo '${answer}'`);
  const text = JSON.stringify(list, undefined, 2);
  await writeFile(join(host.source, 'data'), text);
  // As a ConfigMap is mounted.
  const config = join(host.source, 'lan.conflist');
  await symlink('data', config);
  const args = ['--network-config', config, '--conf-dir', host.conf];
  assertInstalled(await host.install({ args }), 'spiderpool-glibc');
  assert.deepEqual(await readdir(host.conf), ['10-spiderpool.conflist']);
  const file = join(host.conf, '10-spiderpool.conflist');
  assert.equal(await readFile(file, 'utf8'), text);
  const before = await stat(file);
  assert.equal(before.mode & 0o7777, 0o644);

  await writeFile(join(host.conf, '05-other.conf'), '{}');
  const again = await host.install({ args });
  assert.equal((await stat(file)).ino, before.ino, 'the same text is not written again');
  const warning = logOf(again).find(({ level }) => level === 'warn');
  assert.deepEqual(warning?.['before'], ['05-other.conf']);

  await writeFile(join(host.source, 'data'), JSON.stringify({ ...list, name: 'other' }));
  assert.equal((await host.install({ args })).exitCode, 0);
  assert.match(await readFile(file, 'utf8'), /"other"/);

  await writeFile(join(host.source, 'data'), JSON.stringify({ ...list, plugins: [] }));
  const refused = await host.install({ args });
  assert.equal(refused.exitCode, 1);
  assert.match(refused.stderr, /lan\.conflist can't be used: .*plugins must not be empty/);
  assert.match(await readFile(file, 'utf8'), /"other"/, 'a list that works stays');
  const named = await host.install({ args: [...args, '--conf-name', '../10.conflist'] });
  assert.match(named.stderr, /--conf-name is .*write a file name such as 10-spiderpool\.conflist/);
});
