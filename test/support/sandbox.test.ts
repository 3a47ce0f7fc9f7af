import assert from 'node:assert/strict';
import { existsSync, readlinkSync, statSync } from 'node:fs';
import { test } from 'node:test';
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
