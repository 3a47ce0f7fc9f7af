import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildGoTools, type GoTools, goToolsFolder, isExecutable } from './go-tools.ts';
import { temporaryFolder } from './temporary-folder.ts';

const tools: GoTools = {
  name: 'tools',
  module: 'k8s.io/kubernetes',
  packages: { 'kube-apiserver': 'cmd/kube-apiserver', kubectl: 'cmd/kubectl' },
};

/** A `go` that notes its arguments and writes an executable where `-o` says, slowly enough for another process to come. */
const fakeGo = `#!/bin/sh
echo "$@" >>"$HOME/builds"
while [ "$1" != -o ]; do shift; done
sleep 0.5
echo built >"$2"
chmod 755 "$2"
`;

async function fakeHome(folder: string): Promise<NodeJS.ProcessEnv> {
  await mkdir(join(folder, 'bin'));
  await writeFile(join(folder, 'bin', 'go'), fakeGo);
  await chmod(join(folder, 'bin', 'go'), 0o755);
  return { HOME: folder, PATH: `${join(folder, 'bin')}:${process.env['PATH']}` };
}

test('goToolsFolder() names the version of go.mod and the architecture', async () => {
  const goMod = await readFile(new URL('../tools/go.mod', import.meta.url), 'utf8');
  const version = /k8s\.io\/kubernetes v(\S+)/.exec(goMod)?.[1];
  assert.equal(
    await goToolsFolder(tools, { XDG_CACHE_HOME: '/cache' }),
    `/cache/spiderpool/tools-${version}-${process.arch}`,
  );
  await assert.rejects(goToolsFolder({ ...tools, module: 'example.org/none' }, {}), /does not require/);
});

test('buildGoTools() builds what is missing, once for all processes that ask', async () => {
  await using folder = await temporaryFolder();
  const env = await fakeHome(folder.path);
  const module = new URL('go-tools.ts', import.meta.url).href;
  const script = `
    const { buildGoTools, isExecutable } = await import('${module}');
    await buildGoTools(${JSON.stringify(tools)}, ['kube-apiserver', 'kubectl'], {
      env: process.env, isUsable: isExecutable, onProgress: () => undefined });`;
  const started = [1, 2, 3].map(() =>
    spawn(process.execPath, ['--input-type=module', '-e', script], { env, stdio: 'inherit' }),
  );
  for (const [exitCode] of await Promise.all(started.map(async (child) => once(child, 'exit')))) {
    assert.equal(exitCode, 0);
  }
  const builds = (await readFile(join(folder.path, 'builds'), 'utf8')).trim().split('\n');
  assert.equal(builds.length, 2);
  assert.match(builds[0] ?? '', / k8s\.io\/kubernetes\/cmd\/kube-apiserver$/);
  assert.match(builds[1] ?? '', / k8s\.io\/kubernetes\/cmd\/kubectl$/);
  const built = await goToolsFolder(tools, env);
  for (const name of ['kube-apiserver', 'kubectl']) assert.ok(await isExecutable(join(built, name)));
});

test('buildGoTools() builds again what is there and of no use', async () => {
  await using folder = await temporaryFolder();
  const env = await fakeHome(folder.path);
  const progress: string[] = [];
  const options = {
    env,
    isUsable: async (file: string): Promise<boolean> => (await readFile(file, 'utf8')) === 'built\n',
    onProgress: (message: string): void => void progress.push(message),
  };
  const built = await goToolsFolder(tools, env);
  await mkdir(built, { recursive: true });
  await writeFile(join(built, 'kubectl'), 'half', { mode: 0o755 });
  await buildGoTools(tools, ['kubectl'], options);
  await buildGoTools(tools, ['kubectl'], options);
  assert.equal(await readFile(join(built, 'kubectl'), 'utf8'), 'built\n');
  assert.deepEqual(progress, ['› building kubectl with Go (once)']);
});
