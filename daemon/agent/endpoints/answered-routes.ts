import type { AnsweredAddress } from '../../../src/endpoints/build-endpoint.ts';

/** Pods whose answers are remembered: more than a node has. */
const podsMax = 1024;

/** What was answered to the ADDs of pods, for the parts that no record has. In memory, the newest only. */
export class AnsweredRoutes {
  /** By the holder's uid and NIC; the pod that was answered last at the end. */
  readonly #byPod = new Map<string, Map<string, readonly AnsweredAddress[]>>();

  /** Remembers what was answered to a holder (its uid): all addresses of the NICs that are in it. */
  note(uid: string, addresses: readonly AnsweredAddress[]): void {
    const byNic = this.#byPod.get(uid) ?? new Map<string, readonly AnsweredAddress[]>();
    for (const [nic, own] of Map.groupBy(addresses, (address) => address.nic)) byNic.set(nic, own);
    this.#byPod.delete(uid);
    this.#byPod.set(uid, byNic);
    for (const [oldest] of this.#byPod) {
      if (this.#byPod.size <= podsMax) return;
      this.#byPod.delete(oldest);
    }
  }

  /** What was answered last for this NIC; undefined when that is not known any more. */
  of(uid: string, nic: string): readonly AnsweredAddress[] | undefined {
    return this.#byPod.get(uid)?.get(nic);
  }

  /** This holder is gone. */
  forget(uid: string): void {
    this.#byPod.delete(uid);
  }
}
