import { chmod, lstat, mkdir, rename, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { createConnection } from 'node:net';
import { dirname } from 'node:path';

/** The socket is root's: whoever may open it may take and free any address. */
const socketMode = 0o600;
const folderMode = 0o755;

/** Connections that wait to be accepted, at most; the kernel's own limit may be lower. */
const backlogMax = 4096;

/** How long a probe waits for whoever may be listening on an existing socket. */
const probeMs = 2_000;

/** The socket can't be used; the message says why and what to do. */
export class SocketError extends Error {
  override readonly name = 'SocketError';
  readonly code: 'SOCKET_IN_USE' | 'SOCKET_NOT_A_SOCKET';

  constructor(code: SocketError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** A unix socket that a server listens on; disposing removes the file, if it still is the one that was made. */
export interface ListeningSocket extends AsyncDisposable {
  readonly path: string;
}

/**
 * Listens on a unix socket with mode 0600. A socket file that nobody listens on any more is replaced.
 *
 * @throws SocketError when somebody listens on it, or the path is something else than a socket
 */
export async function listenOnSocket(server: Server, path: string): Promise<ListeningSocket> {
  await mkdir(dirname(path), { recursive: true, mode: folderMode });
  await refuseLiveSocket(path);
  // Bound under another name and renamed when it is ready: nobody can open it with a wider mode, and the name that the
  // runtime removes when the server closes is not the one that a successor may have taken over by then.
  const boundPath = `${path}.${process.pid}`;
  await rm(boundPath, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path: boundPath, backlog: backlogMax }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  await chmod(boundPath, socketMode);
  await rename(boundPath, path);
  const { ino, dev } = await lstat(path);
  return {
    path,
    async [Symbol.asyncDispose]() {
      const now = await lstat(path).catch(() => undefined);
      if (now !== undefined && now.ino === ino && now.dev === dev) await rm(path, { force: true });
    },
  };
}

async function refuseLiveSocket(path: string): Promise<void> {
  const found = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new SocketError(
      'SOCKET_NOT_A_SOCKET',
      `${path} exists and is not a socket: move it away or choose another path with --socket`,
    );
  }
  if (await somebodyListens(path)) {
    throw new SocketError(
      'SOCKET_IN_USE',
      `another process listens on ${path}: stop that agent or choose another path with --socket`,
    );
  }
}

function somebodyListens(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = createConnection(path);
    const settle = (listens: boolean) => (): void => {
      connection.destroy();
      resolve(listens);
    };
    connection.once('connect', settle(true));
    // Only a refused connection proves that nobody is there; a full backlog (EAGAIN) or silence does not.
    connection.once('error', (error: NodeJS.ErrnoException) => settle(error.code !== 'ECONNREFUSED')());
    connection.setTimeout(probeMs, settle(true));
  });
}
