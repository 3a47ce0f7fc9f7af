import { until } from '../../integration/harness/until.ts';
import type { ControlPlane } from '../../support/control-plane.ts';
import { untilFreed } from './addresses.ts';

/** Deletes the namespace with all that is in it, and waits until it is gone and no address is recorded for its pods. */
export async function deleteNamespace(plane: ControlPlane, namespace: string): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}`;
  await plane.adminRequest('DELETE', path);
  await until(
    `${namespace} is gone`,
    async () => (await plane.adminRequest('GET', path)).status === 404,
    240_000,
  );
  await untilFreed(plane, namespace);
}
