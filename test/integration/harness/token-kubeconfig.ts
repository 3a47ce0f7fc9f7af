import type { ControlPlane } from '../../support/control-plane.ts';
import { kubeconfigText } from '../../support/kubeconfig-text.ts';

/** As a pod's own: the token stands in a file that changes. */
export function tokenKubeconfig({ caFile }: ControlPlane, server: string, tokenFile: string): string {
  return kubeconfigText({ server, caFile, user: { tokenFile } });
}
