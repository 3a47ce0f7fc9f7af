import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCommand, runOrThrow } from './run-command.ts';
import { createSandbox } from './sandbox.ts';

test('createSandbox() gives network and mount namespaces that are not the machine’s', async () => {
  await using sandbox = await createSandbox();
  for (const kind of ['net', 'mnt']) {
    const { stdout } = await sandbox.run('readlink', [`/proc/self/ns/${kind}`]);
    assert.notEqual(stdout.trim(), readlinkSync(`/proc/self/ns/${kind}`));
    assert.equal(stdout.trim(), readlinkSync(`/proc/${sandbox.pid}/ns/${kind}`));
  }
  const { stdout } = await sandbox.run('id', ['-u']);
  assert.equal(stdout.trim(), '0');
});

test('Sandbox leaves nothing behind', async () => {
  const sandbox = await createSandbox();
  await sandbox.createNetworkNamespace();
  const { folder, pid } = sandbox;
  await sandbox[Symbol.asyncDispose]();
  assert.equal(existsSync(folder), false);
  assert.equal(existsSync(`/proc/${pid}`), false);
});

test('Sandbox ends what still runs in it', async () => {
  const sandbox = await createSandbox();
  const child = sandbox.spawn('sh', ['-c', 'echo inside; exec sleep 1000'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  assert.ok(child.stdout);
  await once(child.stdout, 'data');
  const ended = once(child, 'exit');
  await sandbox[Symbol.asyncDispose]();
  assert.deepEqual(await ended, [null, 'SIGKILL']);
});

test('Sandbox can be the last thing that a script waits for', async () => {
  const module = new URL('sandbox.ts', import.meta.url).href;
  const script = `
    const { createSandbox } = await import('${module}');
    for (let round = 0; round < 2; round += 1) { await using sandbox = await createSandbox(); }
    console.log('done');`;
  const printed = await runOrThrow(process.execPath, ['--input-type=module', '-e', script]);
  assert.equal(printed, 'done\n');
});

test('Sandbox vanishes with a process that is killed', async () => {
  const module = new URL('sandbox.ts', import.meta.url).href;
  const script = `
    const { createSandbox } = await import('${module}');
    const sandbox = await createSandbox();
    console.log(JSON.stringify({ pid: sandbox.pid, folder: sandbox.folder }));
    process.kill(process.pid, 'SIGKILL');`;
  const { stdout, signal } = await runCommand(process.execPath, ['--input-type=module', '-e', script]);
  assert.equal(signal, 'SIGKILL');
  const { pid, folder } = JSON.parse(stdout) as { pid: number; folder: string };
  // A zombie that nobody has reaped yet has no namespaces any more.
  const held = `/proc/${pid}/ns/net`;
  const deadline = performance.now() + 20_000;
  while (existsSync(held) && performance.now() < deadline) await sleep(20);
  assert.equal(existsSync(held), false);
  rmSync(folder, { recursive: true });
});

test('Sandbox.createNetworkNamespace() makes a namespace of its own for each pod', async () => {
  await using sandbox = await createSandbox();
  const first = await sandbox.createNetworkNamespace();
  const second = await sandbox.createNetworkNamespace('second');
  const names = await Promise.all(
    [first, second].map(async (netns) => (await netns.run('readlink', ['/proc/self/ns/net'])).stdout.trim()),
  );
  assert.equal(new Set([...names, readlinkSync(`/proc/${sandbox.pid}/ns/net`)]).size, 3);
  assert.notEqual(first.identity, second.identity);
  assert.match(names[0] ?? '', new RegExp(`\\[${first.identity.split(':')[1]}\\]`));
  const seen = await sandbox.run('stat', ['-c', '%d:%i', first.path]);
  assert.equal(seen.stdout.trim(), first.identity);
});

test('NetworkNamespace.delete() removes the mount and its file, once', async () => {
  await using sandbox = await createSandbox();
  await using netns = await sandbox.createNetworkNamespace();
  const { identity } = netns;
  await netns.delete();
  await netns.delete();
  assert.equal(existsSync(netns.path), false);
  const again = await sandbox.createNetworkNamespace();
  assert.equal(statSync(again.path).size, 0);
  assert.notEqual(again.path, netns.path);
  assert.match(identity, /^\d+:\d+$/);
});

test('Sandbox.run() returns the command’s own exit code, outputs and input', async () => {
  await using sandbox = await createSandbox();
  const result = await sandbox.run('sh', ['-c', 'cat; echo err >&2; exit 7'], { stdin: 'text' });
  assert.deepEqual(result, { exitCode: 7, signal: undefined, stdout: 'text', stderr: 'err\n' });
});

test('Sandbox.spawn() gives the pid of the command itself', async () => {
  await using sandbox = await createSandbox();
  const child = sandbox.spawn('sh', ['-c', 'echo $$; exec cat'], { stdio: 'pipe' });
  const printed = await new Promise<string>((resolve) => {
    child.stdout?.once('data', (chunk: Buffer) => resolve(chunk.toString()));
  });
  assert.equal(Number(printed), child.pid);
  child.kill('SIGKILL');
});
