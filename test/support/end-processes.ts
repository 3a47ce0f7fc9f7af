import { readdirSync, readlinkSync } from 'node:fs';

/**
 * Ends every process in the mount namespace of `holderPid` but that process itself: what a sandbox still runs, such as a
 * plugin that waits for its agent, would go on writing into folders that are removed. Does nothing where the holder shares our own namespace.
 */
export function endProcessesBeside(holderPid: number): void {
  const namespace = mountNamespaceOf(holderPid);
  if (namespace === undefined || namespace === mountNamespaceOf(process.pid)) return;
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const pid = Number(name);
    if (pid !== holderPid && mountNamespaceOf(pid) === namespace) kill(pid);
  }
}

function mountNamespaceOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/mnt`);
  } catch {
    // It has ended, or is somebody else's.
    return undefined;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
