import { CniCode, CniError } from '../../src/cni/error.ts';
import { defaultSocketPath } from '../../src/cni/plugin-paths.ts';
import { quoteText } from '../../src/cni/sanitize-text.ts';

/** `missing` may change while an agent starts; a socket that is not to be trusted is an error at once. */
export type SocketState = 'trusted' | 'missing';

interface Stats {
  readonly uid: number;
  isSocket(): boolean;
  isSymbolicLink?(): boolean;
}

/** Write permission of group and others (inode(7)). */
const othersMayWrite = 0o022;

/**
 * Examines the compiled-in socket without node:fs, whose loading costs more than a millisecond, while stdin is read. What
 * can't be told this way is left to examineSocket: then the result is undefined. Never rejects.
 */
export async function examineDefaultSocket(): Promise<SocketState | undefined> {
  const folder = defaultSocketPath.slice(0, defaultSocketPath.lastIndexOf('/'));
  try {
    const [socket, parent] = await Promise.all([Bun.file(defaultSocketPath).stat(), Bun.file(folder).stat()]);
    // stat follows links. Where only root can make names, a link is as good as what root made it point at.
    const rootOnly = parent.uid === 0 && (parent.mode & othersMayWrite) === 0;
    return rootOnly && socket.isSocket() && socket.uid === 0 ? 'trusted' : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Makes sure that the path is a socket, no link, and root's own (or the effective user's, when that is not root), so that
 * a network configuration can't hand pods over to whoever listens.
 * @throws {CniError} code 7 when it is not
 */
export async function examineSocket(path: string): Promise<SocketState> {
  const { lstatSync } = await import('node:fs');
  const stats: Stats | undefined = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return 'missing';
  if (stats.isSymbolicLink?.() === true) throw refused(path, 'is a link');
  if (!stats.isSocket()) throw refused(path, 'is not a socket');
  if (stats.uid !== 0 && stats.uid !== process.geteuid?.()) {
    throw refused(path, `belongs to user ${stats.uid} and not to root`);
  }
  return 'trusted';
}

function refused(path: string, problem: string): CniError {
  return new CniError(
    CniCode.invalidConfig,
    `invalid network config: ipam.ipam_unix_socket_path ${quoteText(path)} ${problem}; it must be the socket of spiderpool-agent itself`,
  );
}
