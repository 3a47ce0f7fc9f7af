/** Whom a kubeconfig is for. */
export interface KubeconfigParts {
  /** Base address to talk to. */
  readonly server: string;
  readonly caFile: string;
  readonly user: { readonly token: string } | { readonly tokenFile: string };
}

/** A kubeconfig with one context. */
export function kubeconfigText({ server, caFile, user }: KubeconfigParts): string {
  const name = 'test';
  // JSON is YAML.
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'certificate-authority': caFile } }],
    users: [{ name, user }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  });
}
