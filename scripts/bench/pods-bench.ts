import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createOwnMachine } from '../../test/e2e/harness/own-machine.ts';
import { missingRequirements } from '../../test/e2e/harness/requirements.ts';
import { cniPluginNames, findCniPlugins } from '../../test/support/cni-plugins.ts';
import { findHelm } from '../../test/support/helm.ts';
import { findKubeExecutables } from '../../test/support/kube-executables.ts';
import { findNodeExecutables } from '../../test/support/node-executables.ts';
import type { PodsData } from './pods-section.ts';

const worker = fileURLToPath(new URL('pods-worker.ts', import.meta.url));

/** The cluster could not be started, or broke. */
export class PodsBenchError extends Error {
  override readonly name = 'PodsBenchError';
  readonly code = 'SP_BENCH_PODS';
}

/** Starts pods on a real cluster in a machine of its own. @returns undefined, after a line that says why, where none can be started */
export async function benchPods(quick: boolean): Promise<PodsData | undefined> {
  const missing = await missingRequirements();
  if (missing.length > 0) {
    for (const problem of missing) console.error(`› benchmark h is left out: ${problem}`);
    return undefined;
  }
  // Built where there is a network; inside there is none.
  await Promise.all([
    findKubeExecutables(),
    findNodeExecutables(),
    findCniPlugins(cniPluginNames),
    findHelm(),
  ]);
  await using machine = await createOwnMachine();
  const output = join(machine.facts.folder, 'pods.json');
  const child = machine.spawn(
    process.execPath,
    [worker, output, quick ? '1' : '3'],
    ['ignore', 'inherit', 'inherit'],
  );
  const [exitCode] = await once(child, 'exit');
  if (exitCode !== 0)
    throw new PodsBenchError(`the cluster broke; logs of all components: ${await machine.keepLogs()}`);
  return JSON.parse(await readFile(output, 'utf8')) as PodsData;
}
