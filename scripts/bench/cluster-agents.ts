import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ControlPlane } from '../../test/support/control-plane.ts';
import { type TemporaryFolder, temporaryFolder } from '../../test/support/temporary-folder.ts';
import { projectPaths } from './paths.ts';
import type { Memory } from './process-memory.ts';
import { type ServerProcess, startServer } from './server-process.ts';

const account = { namespace: 'spiderpool', name: 'spiderpool-agent' } as const;
/** Starting costs the processor, of which there is little. */
const startsAtOnce = 4;

/** The network configuration of all benchmarks on a cluster. */
export const clusterConfig = {
  cniVersion: '1.0.0',
  name: 'bench',
  type: 'macvlan',
  ipam: { type: 'spiderpool', default_ipv4_ippool: ['bench'] },
} as const;

/** An agent that serves a node of the cluster. */
export interface NodeAgent {
  readonly node: string;
  readonly socketPath: string;
  readonly process: ServerProcess;
  /** From the start of the process until it takes pods. */
  readonly readyMs: number;
}

/** The built agents of some nodes, each a process of its own with a token of its node, under the admission policies. Hold it with `await using`. */
export class ClusterAgents implements AsyncDisposable {
  readonly agents: readonly NodeAgent[];
  readonly #stack: AsyncDisposableStack;

  private constructor(agents: readonly NodeAgent[], stack: AsyncDisposableStack) {
    this.agents = agents;
    this.#stack = stack;
  }

  static async start(plane: ControlPlane, nodes: readonly string[]): Promise<ClusterAgents> {
    await using stack = new AsyncDisposableStack();
    const folders = await createFolders(stack);
    await plane.bindAgentRole(account);
    await plane.applyPolicies();
    const agents: NodeAgent[] = [];
    const waiting = [...nodes];
    const work = async (): Promise<void> => {
      for (let node = waiting.shift(); node !== undefined; node = waiting.shift()) {
        const kubeconfig = await plane.kubeconfigFor(account, { node });
        agents.push(await startAgent(node, { ...folders, kubeconfig }, stack));
      }
    };
    await Promise.all(Array.from({ length: startsAtOnce }, work));
    return new ClusterAgents(agents, stack.move());
  }

  /** Of the largest of them. */
  memory(): Memory {
    const all = this.agents.map(({ process }) => process.memory());
    return {
      rssMiB: Math.max(...all.map(({ rssMiB }) => rssMiB)),
      anonMiB: Math.max(...all.map(({ anonMiB }) => anonMiB)),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

interface Folders {
  readonly path: string;
  /** Paths of sockets are short. */
  readonly sockets: TemporaryFolder;
}

async function createFolders(stack: AsyncDisposableStack): Promise<Folders> {
  await mkdir(projectPaths.scratch, { recursive: true });
  const path = await mkdtemp(join(projectPaths.scratch, 'bench-cluster-'));
  stack.defer(async () => rm(path, { recursive: true, force: true }));
  return { path, sockets: stack.use(await temporaryFolder()) };
}

async function startAgent(
  node: string,
  { path, sockets, kubeconfig }: Folders & { readonly kubeconfig: string },
  stack: AsyncDisposableStack,
): Promise<NodeAgent> {
  const socketPath = join(sockets.path, `${node}.sock`);
  const args = ['--socket', socketPath, '--data-dir', join(path, node), '--kubeconfig', kubeconfig];
  const process = await startServer({
    args: [projectPaths.agent, 'daemon', ...args],
    socketPath,
    logFile: join(path, `${node}.log`),
    env: {
      SPIDERPOOL_NODE_NAME: node,
      SPIDERPOOL_POD_NAMESPACE: account.namespace,
      SPIDERPOOL_POD_NAME: `agent-${node}`,
      // Many agents on one machine can't all have the well-known port.
      SPIDERPOOL_HEALTH_PORT: '0',
    },
  });
  stack.use(process);
  const readyMs = await process.readyAfterMs('/v1/cni/status', {
    config: { ...clusterConfig, cniVersion: '1.1.0' },
    env: { CNI_COMMAND: 'STATUS', CNI_PATH: '/opt/cni/bin' },
  });
  return { node, socketPath, process, readyMs };
}
