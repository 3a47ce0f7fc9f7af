import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { defaultSocketPath } from '../../src/cni/plugin-paths.ts';
import { type TemporaryFolder, temporaryFolder } from '../../test/support/temporary-folder.ts';
import { projectPaths } from './paths.ts';
import { type ServerProcess, startServer } from './server-process.ts';

/** The pool of all benchmarks that have an agent: large enough that none of them fills it. */
export const benchPool = { name: 'bench', first: 0x0a_00_00_01, last: 0x0a_ff_ff_fd } as const;
/** Name of the network in the configurations. */
export const benchNetwork = 'bench';

const poolManifest = {
  apiVersion: 'spiderpool.spidernet.io/v2beta1',
  kind: 'SpiderIPPool',
  metadata: { name: benchPool.name },
  spec: { subnet: '10.0.0.0/8', ips: ['10.0.0.1-10.255.255.253'], gateway: '10.255.255.254', default: true },
};

/** Folders for an agent: its state on the project's disk, its socket where paths are short. Hold it with `await using`. */
export class AgentFolder implements AsyncDisposable {
  readonly path: string;
  readonly socketPath: string;
  readonly stateFolder: string;
  readonly #sockets: TemporaryFolder;

  /** Use {@link createAgentFolder}. */
  constructor(path: string, sockets: TemporaryFolder) {
    this.path = path;
    this.#sockets = sockets;
    this.socketPath = join(sockets.path, basename(defaultSocketPath));
    this.stateFolder = join(path, 'state');
  }

  /** Another file of this folder. */
  file(name: string): string {
    return join(this.path, name);
  }

  /** Starts the built agent on it. */
  async startAgent(): Promise<ServerProcess> {
    const folders = [
      '--socket',
      this.socketPath,
      '--data-dir',
      this.stateFolder,
      '--pools',
      this.file('pools'),
    ];
    const args = [projectPaths.agent, 'daemon', '--store', 'embedded', ...folders];
    return startServer({ args, socketPath: this.socketPath, logFile: this.file('agent.log') });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
    await this.#sockets[Symbol.asyncDispose]();
  }
}

/** Makes the folders with one pool, 10.0.0.0/8, in it. */
export async function createAgentFolder(): Promise<AgentFolder> {
  await mkdir(projectPaths.scratch, { recursive: true });
  const path = await mkdtemp(join(projectPaths.scratch, 'bench-'));
  const folder = new AgentFolder(path, await temporaryFolder());
  await mkdir(folder.stateFolder, { mode: 0o700 });
  await mkdir(folder.file('pools'));
  await writeFile(join(folder.file('pools'), 'bench.json'), JSON.stringify(poolManifest));
  return folder;
}
