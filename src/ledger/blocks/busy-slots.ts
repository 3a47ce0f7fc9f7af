import { InvariantError } from '../../api/invariant-error.ts';
import { waitOrAbort } from '../../async/wait-or-abort.ts';
import type { ChangeKind } from './slot-change.ts';

interface Busy extends PromiseWithResolvers<void> {
  readonly kind: ChangeKind;
}

/** The slots of a block that are reserved or being written, with what is done to them. */
export class BusySlots {
  readonly #busy = new Map<number, Busy>();

  get size(): number {
    return this.#busy.size;
  }

  has(index: number): boolean {
    return this.#busy.has(index);
  }

  kindOf(index: number): ChangeKind | undefined {
    return this.#busy.get(index)?.kind;
  }

  indexes(): Iterable<number> {
    return this.#busy.keys();
  }

  /** Keeps a slot for a change to come; it must not be busy. */
  reserve(index: number, kind: ChangeKind): void {
    if (this.#busy.has(index)) throw new InvariantError(`slot ${index} is busy`);
    this.#busy.set(index, { kind, ...Promise.withResolvers<void>() });
  }

  /** Gives up a reservation. */
  unreserve(index: number): void {
    const busy = this.#busy.get(index);
    this.#busy.delete(index);
    busy?.resolve();
  }

  /** Waits until a slot is not busy at this moment. */
  async settled(index: number, signal?: AbortSignal): Promise<void> {
    for (let busy = this.#busy.get(index); busy !== undefined; busy = this.#busy.get(index)) {
      await waitOrAbort(busy.promise, signal);
    }
  }
}
