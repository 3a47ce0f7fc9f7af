import { statSync } from 'node:fs';
import { copyFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { defaultSocketPath } from '../../src/cni/plugin-paths.ts';
import { findCniPlugins } from '../../test/support/cni-plugins.ts';
import { runOrThrow } from '../../test/support/run-command.ts';
import { createSandbox, type Sandbox } from '../../test/support/sandbox.ts';
import { type AgentFolder, benchNetwork, createAgentFolder } from './agent-folder.ts';
import { projectPaths } from './paths.ts';
import type { PluginData } from './plugin-section.ts';
import { runWorker } from './run-worker.ts';
import type { Peer, SpawnerInput } from './worker-contracts.ts';

/** Not in PATH order but where every distribution has it: a shell's builtin is something else. */
const truePaths = ['/usr/bin/true', '/bin/true'];

/** This part can't run here; the message says what it needs. */
export class PluginBenchError extends Error {
  override readonly name = 'PluginBenchError';
  readonly code = 'SP_BENCH_PLUGIN';
}

/**
 * Measures whole plugin processes, in turn with peers that do the same or nothing.
 * @throws PluginBenchError without root's rights
 */
export async function benchPlugin(quick: boolean): Promise<PluginData> {
  if (process.geteuid?.() !== 0) {
    throw new PluginBenchError(
      'part a needs root: the plugin talks only to a socket that root owns (--only b,c,d)',
    );
  }
  const { dir } = await findCniPlugins(['host-local']);
  await using folder = await createAgentFolder();
  await using sandbox = await createSandbox();
  await showAtDefaultPath(sandbox, folder);
  // host-local refuses the caller's own network namespace, so the pod's is another one.
  const { path: netns } = await sandbox.createNetworkNamespace();
  const peers = await composePeers(folder, join(dir, 'host-local'), netns);
  await using servers = new AsyncDisposableStack();
  servers.use(await folder.startAgent());
  const input: SpawnerInput = {
    folder: folder.path,
    peers,
    rounds: quick ? 2 : 7,
    callsPerRound: quick ? 20 : 50,
  };
  const rounds = await runWorker('spawner.ts', input, [...sandbox.enterCommand(), projectPaths.bun]);
  return {
    callsPerRound: input.callsPerRound,
    roundsMs: Object.fromEntries(peers.map(({ name }, at) => [name, rounds.map((round) => round[at] ?? [])])),
    bundleBytes: statSync(projectPaths.pluginBundle).size,
  };
}

async function composePeers(
  folder: AgentFolder,
  hostLocalFile: string,
  netns: string,
): Promise<readonly Peer[]> {
  const plugin = await copyExecutable(folder, projectPaths.plugin);
  const hostLocal = await copyExecutable(folder, hostLocalFile);
  const ours = await writeConfig(folder, 'spiderpool', {});
  const theirs = await writeConfig(folder, 'host-local', {
    dataDir: folder.file('host-local'),
    ranges: [[{ subnet: '10.0.0.0/8' }]],
  });
  const empty = await buildEmptyExecutable(folder);
  const trueFile = truePaths.find((path) => statSync(path, { throwIfNoEntry: false }) !== undefined);
  if (trueFile === undefined) throw new PluginBenchError(`none of ${truePaths.join(', ')} is here`);
  const env = {
    CNI_NETNS: netns,
    CNI_IFNAME: 'eth0',
    CNI_PATH: folder.path,
    CNI_ARGS: 'IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=bench',
    SPIDERPOOL_STATE_DIR: folder.stateFolder,
  };
  const peer = (name: string, file: string, stdinFile: string, verb: string): Peer => ({
    name,
    file,
    stdinFile,
    env: { ...env, CNI_COMMAND: verb },
    prints: name.endsWith('ADD') || name === 'spiderpool VERSION',
  });
  return [
    peer('true', await copyExecutable(folder, trueFile), ours, 'VERSION'),
    peer('empty Bun executable', empty, ours, 'VERSION'),
    peer('spiderpool VERSION', plugin, ours, 'VERSION'),
    peer('host-local ADD', hostLocal, theirs, 'ADD'),
    peer('spiderpool ADD', plugin, ours, 'ADD'),
    peer('host-local DEL', hostLocal, theirs, 'DEL'),
    peer('spiderpool DEL', plugin, ours, 'DEL'),
  ];
}

/**
 * The usual network config names no socket, and the plugin then looks at the default one while it still reads its input; so that is
 * where the agent's socket has to be seen, in a sandbox whose /run is its own.
 */
async function showAtDefaultPath(sandbox: Sandbox, folder: AgentFolder): Promise<void> {
  const script = 'mount -t tmpfs tmpfs /run && mkdir -p "$2" && mount --bind "$1" "$2"';
  const args = ['-euc', script, 'sh', dirname(folder.socketPath), dirname(defaultSocketPath)];
  const { exitCode, stderr } = await sandbox.run('sh', args);
  if (exitCode !== 0)
    throw new PluginBenchError(`the sandbox can't have a /run of its own: ${stderr.trim()}`);
}

async function writeConfig(folder: AgentFolder, type: string, ipam: object): Promise<string> {
  const path = folder.file(`${type}.json`);
  await writeFile(path, JSON.stringify({ cniVersion: '1.1.0', name: benchNetwork, ipam: { type, ...ipam } }));
  return path;
}

/**
 * Peers run from fresh copies: how the kernel holds a file's pages (large folios or single pages) depends on when and how
 * it was written, and makes a millisecond of difference for an executable of 100 MB.
 */
async function copyExecutable(folder: AgentFolder, file: string): Promise<string> {
  const copy = folder.file(`copy-of-${basename(file)}`);
  await copyFile(file, copy);
  return copy;
}

/** Nothing but Bun's own start, built as the plugin is (scripts/build.mjs). */
async function buildEmptyExecutable(folder: AgentFolder): Promise<string> {
  const [entry, output] = [folder.file('empty.ts'), folder.file('empty.built')];
  await writeFile(entry, '');
  const flags = ['--minify', '--bytecode', '--no-compile-autoload-dotenv', '--no-compile-autoload-bunfig'];
  await runOrThrow(projectPaths.bun, ['build', '--compile', ...flags, entry, '--outfile', output], {
    cwd: folder.path,
  });
  return copyExecutable(folder, output);
}
