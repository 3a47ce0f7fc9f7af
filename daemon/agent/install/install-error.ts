/** The plugin or the network config could not be put on the host. The message says why and what to do. */
export class InstallError extends Error {
  override readonly name = 'InstallError';
  readonly code = 'INSTALL_FAILED';
}
