import { pause } from '../../src/async/pause.ts';
import { KubeError } from '../../src/kube/kube-api.ts';

/** The first pause between two tries, and the longest: what is waited for takes seconds, and nobody else should notice the looks. */
const firstPauseMs = 250;
const pauseMsMax = 2_000;
/** The same reason is told again this often, so that a person sees that the command lives. */
const repeatMs = 15_000;

/** What a try came to. */
export type Attempt<T> = { readonly done: T } | { readonly waitsFor: string };

/** Takes a line for the person who runs a command. */
export type Report = (line: string) => void;

export interface PersistOptions {
  /** What is tried, as messages name it: `making pool "a"`. */
  readonly what: string;
  /** What to do when it was tried in vain. */
  readonly advice: string;
  /** How long it is tried. */
  readonly timeoutMs: number;
  readonly report: Report;
  readonly signal: AbortSignal;
}

/** A command could not do what it should; the message tells what to do. What it did until then is found by the next run. */
export class CommandFailedError extends Error {
  override readonly name = 'CommandFailedError';
  readonly code = 'SP_COMMAND_FAILED';
}

/**
 * Tries something until it is done, through every failure of the API server or of a webhook that passes, and tells what it waits for.
 *
 * @throws CommandFailedError when the time is over or the signal is aborted; what the try throws and does not pass
 */
export async function persist<T>(
  { what, advice, timeoutMs, report, signal }: PersistOptions,
  attempt: (signal: AbortSignal) => Promise<Attempt<T>>,
): Promise<T> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  let waitsFor = 'no answer of the API server yet';
  let told = '';
  let toldMs = 0;
  for (let pauseMs = firstPauseMs; !limited.aborted; pauseMs = Math.min(pauseMs * 2, pauseMsMax)) {
    const outcome = await tryOnce(attempt, limited);
    if (outcome === undefined) break;
    if ('done' in outcome) return outcome.done;
    ({ waitsFor } = outcome);
    if (waitsFor !== told || performance.now() - toldMs > repeatMs) {
      report(`waiting: ${waitsFor}`);
      told = waitsFor;
      toldMs = performance.now();
    }
    await pause(pauseMs, limited);
  }
  if (signal.aborted) throw new CommandFailedError(`interrupted while ${what}: run it again to go on`);
  throw new CommandFailedError(`${what} took longer than ${timeoutMs / 1_000} s: ${waitsFor}. ${advice}`);
}

/** @returns undefined when the signal ended it */
async function tryOnce<T>(
  attempt: (signal: AbortSignal) => Promise<Attempt<T>>,
  signal: AbortSignal,
): Promise<Attempt<T> | undefined> {
  try {
    return await attempt(signal);
  } catch (error) {
    if (signal.aborted) return undefined;
    if (isPassing(error)) return { waitsFor: error.message };
    throw error;
  }
}

/** A list whose state is too old (410) is begun anew, and so is what others changed meanwhile (409). */
function isPassing(error: unknown): error is KubeError {
  return error instanceof KubeError && (error.fate !== 'refused' || [409, 410, 429].includes(error.status));
}
