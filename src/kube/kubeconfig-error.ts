/** The way to the API server or the credentials for it can't be found. The message holds no secret. */
export class KubeconfigError extends Error {
  override readonly name = 'KubeconfigError';
  readonly code = 'KUBECONFIG';
}
