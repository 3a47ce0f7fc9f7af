import { defaultSocketPath } from '../cni/plugin-paths.ts';
import { defaultStateDir } from '../cni/tombstone.ts';

/** Paths that other programs rely on; docs name the switches that change them. */
export const defaultPaths = {
  /** Unix socket of the agent. */
  socket: defaultSocketPath,
  /** Folder with `ledger.db`, `tombstones/` and `lock`. */
  stateFolder: defaultStateDir,
  /** Folder with pool manifests of the embedded store. */
  poolFolder: '/etc/spidernet/pools',
} as const;
