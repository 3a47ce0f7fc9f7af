import type { AnsweredAddress } from './build-endpoint.ts';

/** NICs whose last answer is remembered: those of more pods than a node has. */
const nicsMax = 4096;

/** What was answered to the ADDs of pods, for the parts that no record has. In memory, the newest only. */
export class AnsweredRoutes {
  readonly #byNic = new Map<string, readonly AnsweredAddress[]>();

  /** Remembers what was answered to a holder (its uid): all addresses of the NICs that are in it. */
  note(uid: string, addresses: readonly AnsweredAddress[]): void {
    for (const [nic, own] of Map.groupBy(addresses, (address) => address.nic)) {
      const key = keyOf(uid, nic);
      this.#byNic.delete(key);
      this.#byNic.set(key, own);
    }
    for (const [oldest] of this.#byNic) {
      if (this.#byNic.size <= nicsMax) return;
      this.#byNic.delete(oldest);
    }
  }

  /** What was answered last for this NIC; undefined when that is not known any more. */
  of(uid: string, nic: string): readonly AnsweredAddress[] | undefined {
    return this.#byNic.get(keyOf(uid, nic));
  }
}

function keyOf(uid: string, nic: string): string {
  return `${uid}\0${nic}`;
}
