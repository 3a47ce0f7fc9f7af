import type { HandlerContext } from './handlers/context.ts';

/** What an agent serves from, as it comes up, runs and ends: one for each store. */
export interface NodeServices extends AsyncDisposable {
  /** What the handlers work with; the ledger's slot may still be empty. */
  readonly context: HandlerContext;

  /**
   * Does what has to be done before the socket is served. Never rejects: what fails is tried again by `run`, and requests are told
   * why until then. Does not go on when the signal is aborted.
   */
  bringUp(signal?: AbortSignal): Promise<void>;

  /** Everything that goes on beside requests, until the signal is aborted. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
}
