import type { ClusterNode } from './cluster-node.ts';

/** Kills the container of this name on the node as a crash does. @throws Error unless there is exactly one that runs */
export async function killContainer(node: ClusterNode, name: string): Promise<void> {
  const ctr = async (...args: readonly string[]): Promise<string> =>
    node.runOrThrow('ctr', ['--namespace=k8s.io', ...args]);
  const filter = `labels."io.kubernetes.container.name"==${name}`;
  const containers = (await ctr('containers', 'list', '--quiet', filter)).split('\n').filter(Boolean);
  const running = (await ctr('tasks', 'list')).split('\n').filter((line) => line.includes('RUNNING'));
  const alive = containers.filter((id) => running.some((line) => line.startsWith(id)));
  const [id] = alive;
  if (id === undefined || alive.length > 1)
    throw new Error(`${alive.length} containers ${name} run on ${node.name}`);
  await ctr('tasks', 'kill', '--signal=SIGKILL', id);
}
