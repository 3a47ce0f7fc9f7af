import assert from 'node:assert/strict';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { findKubeExecutables, type KubeExecutables } from './kube-executables.ts';
import { runOrThrow } from './run-command.ts';
import { temporaryFolder } from './temporary-folder.ts';

async function fakeAssets(dir: string, version: string, names: readonly string[]): Promise<void> {
  await mkdir(dir, { recursive: true });
  for (const name of names) {
    await writeFile(join(dir, name), `#!/bin/sh\necho Kubernetes ${version}\n`);
    await chmod(join(dir, name), 0o755);
  }
}

const all = ['etcd', 'kube-apiserver', 'kubectl'];

for (const version of ['v1.34.0', 'v1.40.1-rc.0', 'v0.0.0-master+$Format:%H$']) {
  test(`findKubeExecutables() takes KUBEBUILDER_ASSETS of ${version}`, async () => {
    await using folder = await temporaryFolder();
    await fakeAssets(folder.path, `'${version}'`, all);
    const env = { HOME: folder.path, KUBEBUILDER_ASSETS: folder.path, PATH: process.env['PATH'] };
    const expected: KubeExecutables = {
      etcd: join(folder.path, 'etcd'),
      kubeApiserver: join(folder.path, 'kube-apiserver'),
      kubectl: join(folder.path, 'kubectl'),
    };
    assert.deepEqual(await findKubeExecutables({ env }), expected);
  });
}

for (const { what, version, names, reason } of [
  { what: 'an old version', version: 'v1.33.9', names: all, reason: /v1\.33\.9, 1\.34 or newer is needed/ },
  {
    what: 'nothing of kubectl',
    version: 'v1.34.4',
    names: all.slice(0, 2),
    reason: /no executable .*kubectl/,
  },
  { what: 'something else', version: 'nothing', names: all, reason: /version unknown/ },
]) {
  test(`findKubeExecutables() says in one line what to do where KUBEBUILDER_ASSETS has ${what} and Go is missing`, async () => {
    await using folder = await temporaryFolder();
    const assets = join(folder.path, 'assets');
    await fakeAssets(assets, version, names);
    const progress: string[] = [];
    const onProgress = (message: string): void => void progress.push(message);
    const env = { HOME: folder.path, KUBEBUILDER_ASSETS: assets, PATH: folder.path };
    await assert.rejects(findKubeExecutables({ env, onProgress }), (error: unknown) => {
      assert.ok(error instanceof Error && 'code' in error);
      assert.equal(error.code, 'SP_KUBE_EXECUTABLES_MISSING');
      assert.match(
        error.message,
        /^etcd, kube-apiserver and kubectl not found: set KUBEBUILDER_ASSETS .* Go 1\.24 [^\n]*$/,
      );
      assert.match(error.message, reason);
      return true;
    });
    assert.match(progress[0] ?? '', reason);
  });
}

test('findKubeExecutables() gives executables that run', async () => {
  const { etcd, kubeApiserver, kubectl } = await findKubeExecutables();
  assert.match(await runOrThrow(etcd, ['--version']), /etcd Version: 3\./);
  assert.match(await runOrThrow(kubeApiserver, ['--version']), /Kubernetes v/);
  assert.match(await runOrThrow(kubectl, ['version', '--client']), /Client Version: v/);
});
