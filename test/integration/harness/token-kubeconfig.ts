import type { ControlPlane } from '../../support/control-plane.ts';

/** As a pod's own: the token stands in a file that changes. */
export function tokenKubeconfig({ caFile }: ControlPlane, server: string, tokenFile: string): string {
  const name = 'test';
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'certificate-authority': caFile } }],
    users: [{ name, user: { tokenFile } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  });
}
