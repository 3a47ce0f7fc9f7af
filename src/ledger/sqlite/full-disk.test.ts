import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';

const SCENARIO = fileURLToPath(new URL('testing/full-disk-scenario.ts', import.meta.url));
/** A mount of its own, seen by nobody else, gone with the process. */
const IN_OWN_MOUNT = 'mount -t tmpfs -o size=1m tmpfs "$0" && exec "$@"';
/** With the rights of root, or with those that a user has in a namespace of his own. */
const NAMESPACES = [['--mount'], ['--user', '--map-root-user', '--mount']];

function runOnSmallDisk(namespaces: readonly string[], folder: string, command: readonly string[]) {
  const args = [...namespaces, 'sh', '-c', IN_OWN_MOUNT, folder, ...command];
  return spawnSync('unshare', args, { encoding: 'utf8' });
}

it('SqliteLedger acknowledges nothing on a full disk and goes on when there is space again', (test) => {
  const folder = mkdtempSync(join(tmpdir(), 'ledger-full-'));
  try {
    const probes = NAMESPACES.map((namespaces) => ({
      namespaces,
      result: runOnSmallDisk(namespaces, folder, ['true']),
    }));
    const usable = probes.find(({ result }) => result.status === 0);
    if (usable === undefined) {
      const causes = probes.map(({ result }) => result.error?.message ?? result.stderr.trim());
      assert.fail(
        `a small file system must be mounted (run as root, or allow user namespaces): ${causes.join('; ')}`,
      );
    }
    const run = runOnSmallDisk(usable.namespaces, folder, [process.execPath, SCENARIO, folder]);
    assert.equal(run.status, 0, run.stderr);
    test.diagnostic(run.stdout.trim());
  } finally {
    rmdirSync(folder);
  }
});
