import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ControlPlane } from '../../../test/support/control-plane.ts';

let files = 0;

/** Who a kubeconfig is for; all rights by default. */
export interface TestConfigOptions {
  /** Where the API server is. */
  readonly server: string;
  /** `user` of the kubeconfig. @default the administrator */
  readonly user?: object;
  /** Laid over the `cluster` of the kubeconfig. */
  readonly cluster?: object;
}

/** Writes a kubeconfig for a control plane that is asked through another address, such as a proxy's. @returns its path */
export async function writeTestConfig(plane: ControlPlane, options: TestConfigOptions): Promise<string> {
  const admin = JSON.parse(await readFile(plane.adminKubeconfig, 'utf8')) as {
    clusters: { name: string; cluster: object }[];
    users: { name: string; user: object }[];
  };
  const { server, user } = options;
  const changes = { ...options.cluster, server };
  const clusters = admin.clusters.map(({ name, cluster }) => ({ name, cluster: { ...cluster, ...changes } }));
  const users = user === undefined ? admin.users : admin.users.map(({ name }) => ({ name, user }));
  files += 1;
  const path = join(plane.folder, `test-config-${files}`);
  await writeFile(path, JSON.stringify({ ...admin, clusters, users }));
  return path;
}
