import { setTimeout as sleep } from 'node:timers/promises';

/** Waits, without keeping the process alive, until the time is over or the signal is aborted; which of the two does not matter. */
export async function rest(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal, ref: false }).catch(() => undefined);
}
