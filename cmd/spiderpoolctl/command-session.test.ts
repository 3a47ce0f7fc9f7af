import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../../test/support/run-command.ts';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';

const mainPath = fileURLToPath(new URL('main.ts', import.meta.url));
/** Nothing listens there: a refusal tells that it was asked. */
const server = 'https://127.0.0.1:1';
const config = {
  clusters: [{ name: 'c', cluster: { server } }],
  contexts: [{ name: 'x', context: { cluster: 'c' } }],
  'current-context': 'x',
};

test('CommandSession asks the cluster of the environment where there is no socket, and tells both ways where neither is', async () => {
  await using folder = await temporaryFolder();
  const run = (args: readonly string[], kubeconfig?: string): ReturnType<typeof runCommand> =>
    runCommand(process.execPath, [mainPath, ...args], {
      env: { HOME: folder.path, ...(kubeconfig !== undefined && { KUBECONFIG: kubeconfig }) },
    });
  const file = join(folder.path, 'kubeconfig');
  await writeFile(file, JSON.stringify(config));

  const byEnvironment = await run(['pools'], file);
  assert.equal(byEnvironment.exitCode, 3);
  assert.match(byEnvironment.stderr, /the API server can't be used now: .*ECONNREFUSED/);

  const byContext = await run(['pools', '--context', 'y'], file);
  assert.equal(byContext.exitCode, 2);
  assert.match(byContext.stderr, /has no cluster for its context y/);

  const neither = await run(['pools']);
  assert.equal(neither.exitCode, 3);
  assert.match(
    neither.stderr,
    /there is no socket .*name its socket with --socket\. Or ask a cluster: with --kubeconfig/,
  );
});
