import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { latestCniVersion } from '../../../src/cni/version.ts';
import { InstallError } from './install-error.ts';
import type { TrialEnd } from './trial-verdict.ts';

/** A trial takes milliseconds; a node that boots with a slow disk reads 100 MB first. */
export const trialMsMax = 30_000;

/** The answer has 100 bytes, a loader's complaint some hundred. */
const outputBytesMax = 64 * 1024;

/** Where chroot is when PATH does not say so. */
const systemFolders = ['/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** Where a plugin is tried. */
export interface TrialPlace {
  /** The root file system of the host, as this process sees it; `/` when it runs there. */
  readonly hostRoot: string;
  /** Ends the trial, and with it the plugin. */
  readonly signal: AbortSignal;
  /** @default {@link trialMsMax} */
  readonly timeoutMs?: number;
}

/**
 * Calls a plugin as a runtime of the host would: with the host's loader and libraries, nothing in its environment but
 * `CNI_COMMAND=VERSION`, and a request on stdin.
 *
 * @param file the plugin's path on the host
 * @throws InstallError when there is no chroot, or the signal ends the trial
 */
export async function tryPlugin(file: string, place: TrialPlace): Promise<TrialEnd> {
  if (place.signal.aborted) throw ended();
  const [program, ...args] = commandFor(file, place.hostRoot);
  const child = spawn(program, args, {
    cwd: '/',
    env: { CNI_COMMAND: 'VERSION' },
    stdio: 'pipe',
    // A group of its own, so that a helper that it started does not outlive it.
    detached: true,
  });
  const timeoutMs = place.timeoutMs ?? trialMsMax;
  return new Promise((resolve, reject) => {
    const output = { stdout: '', stderr: '', bytes: 0 };
    function settle(act: () => void): void {
      clearTimeout(timer);
      place.signal.removeEventListener('abort', onAbort);
      killGroup(child.pid);
      child.stdout.destroy();
      child.stderr.destroy();
      act();
    }
    const onAbort = () => settle(() => reject(ended()));
    const timer = setTimeout(
      () => settle(() => resolve({ kind: 'timed-out', afterMs: timeoutMs })),
      timeoutMs,
    );
    place.signal.addEventListener('abort', onAbort);
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        output.bytes += Buffer.byteLength(text);
        if (output.bytes <= outputBytesMax) output[name] += text;
        else settle(() => resolve({ kind: 'too-much-output', bytesMax: outputBytesMax }));
      });
    }
    child.on('error', (error) => settle(() => resolve({ kind: 'not-started', reason: error.message })));
    child.on('close', (exitCode, signal) => {
      const { stdout, stderr } = output;
      settle(() =>
        resolve({
          kind: 'ended',
          exitCode: exitCode ?? undefined,
          signal: signal ?? undefined,
          stdout,
          stderr,
        }),
      );
    });
    // A plugin that ends without reading its input is judged by what it answered.
    child.stdin.on('error', () => undefined);
    child.stdin.end(JSON.stringify({ cniVersion: latestCniVersion }));
  });
}

function commandFor(file: string, hostRoot: string): [program: string, ...args: string[]] {
  return hostRoot === '/' ? [file] : [findChroot(), hostRoot, file];
}

function findChroot(): string {
  const folders = [
    ...(process.env['PATH'] ?? '').split(':').filter((one) => one.startsWith('/')),
    ...systemFolders,
  ];
  const found = folders.map((folder) => join(folder, 'chroot')).find(isExecutable);
  if (found === undefined)
    throw new InstallError(
      `there is no chroot in ${folders.join(', ')}: the plugin can't be tried on the host`,
    );
  return found;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Ends what is left of the trial's process group; nothing is left of one that ended by itself. */
function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function ended(): InstallError {
  return new InstallError('ended by a signal; what was installed before stays');
}
