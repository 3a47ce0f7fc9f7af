import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { cniPluginNames, findCniPlugins } from './cni-plugins.ts';
import { runOrThrow } from './run-command.ts';
import { temporaryFolder } from './temporary-folder.ts';

async function fakePlugin(dir: string, name: string, version: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, name), `#!/bin/sh\necho '{"supportedVersions":["1.0.0","${version}"]}'\n`);
  await chmod(join(dir, name), 0o755);
}

test('findCniPlugins() takes the first folder of CNI_PATH that has all of them, new enough', async () => {
  await using folder = await temporaryFolder();
  const [old, half, whole] = ['old', 'half', 'whole'].map((name) => join(folder.path, name));
  assert.ok(old && half && whole);
  for (const name of ['bridge', 'macvlan']) {
    await fakePlugin(old, name, '1.0.0');
    await fakePlugin(whole, name, '1.1.0');
  }
  await fakePlugin(half, 'bridge', '1.1.0');
  const env = { HOME: folder.path, CNI_PATH: `${folder.path}/none:${old}:${half}:${whole}` };
  assert.deepEqual(await findCniPlugins(['bridge', 'macvlan'], { env, installed: [] }), { dir: whole });
  assert.deepEqual(await findCniPlugins(['bridge'], { env, installed: [] }), { dir: half });
});

test('findCniPlugins() says in one line what to install where Go is missing', async () => {
  await using folder = await temporaryFolder();
  const progress: string[] = [];
  await assert.rejects(
    findCniPlugins(['bridge'], {
      env: { HOME: folder.path, PATH: folder.path },
      installed: [],
      onProgress: (message) => progress.push(message),
    }),
    { code: 'SP_CNI_PLUGINS_MISSING', message: /^CNI plugins bridge not found: install .* Go 1\.24 .*$/ },
  );
  assert.equal(progress.length, 1);
  const cache = join(folder.path, '.cache', 'spiderpool');
  for (const entry of await readdir(cache, { withFileTypes: true })) {
    if (entry.isDirectory()) assert.deepEqual(await readdir(join(cache, entry.name)), []);
  }
});

test('findCniPlugins() gives plugins that answer VERSION', async () => {
  const { dir } = await findCniPlugins(cniPluginNames);
  for (const name of cniPluginNames) {
    const env = { CNI_COMMAND: 'VERSION' };
    const printed = await runOrThrow(join(dir, name), [], { env, stdin: '{"cniVersion":"1.1.0"}' });
    assert.match(printed, /"supportedVersions":\[.*"1\.1\.0"/);
  }
});
