import { copyFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { cniPluginNames, findCniPlugins } from '../../support/cni-plugins.ts';
import { type ControlPlane, startControlPlane } from '../../support/control-plane.ts';
import { findNodeExecutables, type NodeExecutables } from '../../support/node-executables.ts';
import { ServerProcess } from '../../support/server-process.ts';
import { ClusterNode } from './cluster-node.ts';
import { makeImages } from './images.ts';
import { createLan, lan } from './lan.ts';
import { type MachineFacts, ownMachine } from './own-machine.ts';
import { ServiceRelay } from './service-relay.ts';

export interface RealClusterOptions {
  /** How many nodes. @default 2 */
  readonly nodes?: number;
  /** Images that examples name, for every node: see {@link makeImages}. @default none */
  readonly examples?: readonly string[];
}

/**
 * A cluster with everything that makes one: etcd, kube-apiserver, controller manager, scheduler, and nodes with containerd and kubelet on one LAN. Nodes get ready
 * when they have a network. For a process in an own machine; hold it with `await using`.
 */
export class RealCluster implements AsyncDisposable {
  readonly plane: ControlPlane;
  readonly nodes: readonly ClusterNode[];
  readonly machine: MachineFacts;
  readonly #stack: AsyncDisposableStack;

  /** Use {@link startRealCluster}. */
  constructor(
    plane: ControlPlane,
    nodes: readonly ClusterNode[],
    machine: MachineFacts,
    stack: AsyncDisposableStack,
  ) {
    this.plane = plane;
    this.nodes = nodes;
    this.machine = machine;
    this.#stack = stack;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of await readdir(this.plane.folder)) {
      if (name.endsWith('.log')) await copyFile(join(this.plane.folder, name), join(this.machine.logs, name));
    }
    await this.#stack[Symbol.asyncDispose]();
  }
}

/** Starts a {@link RealCluster}. @throws OwnMachineError outside of an own machine, and the errors of what is missing */
export async function startRealCluster(options: RealClusterOptions = {}): Promise<RealCluster> {
  const machine = ownMachine();
  const indexes = Array.from({ length: options.nodes ?? 2 }, (_, index) => index);
  const executables = await findNodeExecutables();
  const { dir: cniPlugins } = await findCniPlugins(cniPluginNames);
  await using stack = new AsyncDisposableStack();
  await createLan();
  const images = makeImages(machine.folder, options.examples);
  const plane = stack.use(
    await startControlPlane({
      crds: false,
      address: lan.gateway,
      nodes: indexes.map((index) => `node-${index + 1}`),
    }),
  );
  for (const server of startManagers(plane, executables, machine)) stack.defer(async () => server.kill());
  stack.use(new ServiceRelay(plane));
  const archive = await images;
  const nodes = await Promise.all(
    indexes.map(async (index) => {
      const kubeconfig = await plane.kubeletKubeconfig(`node-${index + 1}`);
      const { kubelet } = executables;
      const node = stack.use(await ClusterNode.start({ index, machine, kubelet, kubeconfig, cniPlugins }));
      await node.importImages(archive);
      node.startKubelet();
      return node;
    }),
  );
  return new RealCluster(plane, nodes, machine, stack.move());
}

function startManagers(
  plane: ControlPlane,
  { kubeControllerManager, kubeScheduler }: NodeExecutables,
  { logs }: MachineFacts,
): readonly ServerProcess[] {
  const common = [`--kubeconfig=${plane.adminKubeconfig}`, '--leader-elect=false', '--secure-port=0'];
  const controllerManager = new ServerProcess({
    executable: kubeControllerManager,
    args: [
      ...common,
      `--service-account-private-key-file=${plane.serviceAccountKeyFile}`,
      `--root-ca-file=${plane.caFile}`,
      // A node that has vanished is found out in seconds instead of a minute.
      '--node-monitor-period=1s',
      '--node-monitor-grace-period=12s',
    ],
    folder: plane.folder,
    logFile: join(logs, 'kube-controller-manager.log'),
  });
  const scheduler = new ServerProcess({
    executable: kubeScheduler,
    args: common,
    folder: plane.folder,
    logFile: join(logs, 'kube-scheduler.log'),
  });
  return [controllerManager, scheduler];
}
