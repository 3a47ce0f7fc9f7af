import { structurallyEqual } from '../../api/structurally-equal.ts';
import type { KubeError } from '../../kube/kube-api.ts';
import type { Block } from './block.ts';
import type { ChangeOutcome, SlotChange } from './slot-change.ts';

/** The API server may still commit a request so long after its answer was lost; measured up to 34 s. */
const LATE_COMMIT_MS = 60_000;

/** A change that was asked for and not answered yet. */
export class PendingChange {
  readonly change: SlotChange;
  /** Settles with the change. */
  readonly outcome: Promise<ChangeOutcome>;
  /** How often it was refused although its slot stood as expected. */
  refusedUnchanged = 0;
  /** Sent without others, because one of its batch was refused. */
  isAlone = false;
  readonly #settle: PromiseWithResolvers<ChangeOutcome>;
  readonly #onEnd: (pending: PendingChange) => void;
  /** By performance.now(), when an answer was last lost. */
  #doubtMs: number | undefined;
  #isEnded = false;

  /** @param onEnd called before the answer is given */
  constructor(change: SlotChange, onEnd: (pending: PendingChange) => void) {
    this.change = change;
    this.#settle = Promise.withResolvers();
    this.outcome = this.#settle.promise;
    this.#onEnd = onEnd;
  }

  /** Whether an answer was ever lost, so that it may have been written. */
  get wasInDoubt(): boolean {
    return this.#doubtMs !== undefined;
  }

  /** Whether it may still be written by a request whose answer was lost. */
  get isInDoubt(): boolean {
    return this.#doubtMs !== undefined && performance.now() - this.#doubtMs < LATE_COMMIT_MS;
  }

  /** Notes that an answer was lost. */
  doubt(): void {
    this.#doubtMs = performance.now();
  }

  /** Answers if the slot in a reading tells what became of it. Returns false when the slot stands as expected. */
  settleBy(block: Block): boolean {
    const { index, expected, next, kind } = this.change;
    const raw = block.raw(index);
    if (structurallyEqual(raw, expected)) return false;
    // What was certainly not written by this may have been done, to the letter, by somebody else; a new record names its maker.
    const mayBeMine = this.wasInDoubt || kind === 'take';
    if (mayBeMine && structurallyEqual(raw, next)) this.finish(block);
    else if (this.#end()) this.#settle.resolve({ kind: 'lost' });
    return true;
  }

  /** Ends it if nobody wants it any more and it certainly was not written. */
  takeBack(): boolean {
    const { signal } = this.change;
    if (signal?.aborted !== true || this.wasInDoubt) return false;
    this.fail(signal.reason);
    return true;
  }

  /** It was written, as this reading shows. */
  finish(block: Block): void {
    if (this.#isEnded) return;
    this.change.onDone?.(block.slot(this.change.index), block);
    this.#end();
    this.#settle.resolve({ kind: 'done', wasInDoubt: this.wasInDoubt });
  }

  fail(error: unknown): void {
    if (this.#end()) this.#settle.reject(error);
  }

  /** Returns false when it has ended before. */
  #end(): boolean {
    if (this.#isEnded) return false;
    this.#isEnded = true;
    this.#onEnd(this);
    return true;
  }
}

/** What a failed try means. */
export type Verdict =
  /** It met another write, or its block is not there (any more): a reading tells which changes are still to be made. */
  | 'met'
  /** The API server will not have it. */
  | 'refused'
  /** Nothing was written: it can be sent again, with what has arrived since. */
  | 'later'
  /** It may have been written: exactly the same is to be sent again. */
  | 'doubtful';

/** @param isPatch whether the block was to be changed; else it was to be created */
export function verdictOf(error: KubeError, isPatch: boolean, isInDoubt: boolean): Verdict {
  if (error.fate === 'unknown') return 'doubtful';
  if (error.fate === 'refused') {
    if (error.status === 409 || error.status === 422 || (error.status === 404 && isPatch)) return 'met';
    if (error.status !== 429 && !isInDoubt) return 'refused';
  }
  return isInDoubt ? 'doubtful' : 'later';
}
