import type { ControlPlane } from '../../support/control-plane.ts';
import { untilFreed } from './addresses.ts';
import { untilNoPods } from './pods.ts';

/** Deletes the namespace and waits until its pods are gone and no address is recorded for them; the rest of it goes by and by. */
export async function deleteNamespace(plane: ControlPlane, namespace: string): Promise<void> {
  await plane.adminRequest('DELETE', `/api/v1/namespaces/${namespace}`);
  await untilNoPods(plane, namespace);
  await untilFreed(plane, namespace);
}
