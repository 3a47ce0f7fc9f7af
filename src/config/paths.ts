/** Paths that other programs rely on; docs name the switches that change them. */
export const defaultPaths = {
  /** Unix socket of the agent. */
  socket: '/var/run/spidernet/spiderpool.sock',
  /** Folder with `ledger.db`, `tombstones/` and `lock`. */
  stateFolder: '/var/lib/spidernet',
  /** Folder with pool manifests of the embedded store. */
  poolFolder: '/etc/spidernet/pools',
} as const;
