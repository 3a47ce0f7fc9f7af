import assert from 'node:assert/strict';
import type { StoredUse } from '../../support/cluster-records.ts';

/** A pod with the sandbox that its runtime made last. */
export interface WorldPod {
  readonly namespace: string;
  readonly name: string;
  /** What the runtime passes as K8S_POD_UID. */
  readonly uid: string;
  readonly node: string;
  /** Container id of the sandbox. */
  readonly sandbox: string;
  /** Its network namespace: a file that the agent sees. */
  readonly netns: string;
}

/** One attachment that a runtime knows of. */
interface Attached {
  readonly pod: WorldPod;
  readonly nic: string;
  readonly addresses: readonly string[];
}

/** What the runtimes were told: the truth that the records are held against. */
export class RuntimeTruth {
  /** By `namespace/name/uid/nic`. */
  readonly #attached = new Map<string, Attached>();

  /** An ADD was answered with these addresses. */
  added(pod: WorldPod, nic: string, addresses: readonly string[]): void {
    this.#attached.set([pod.namespace, pod.name, pod.uid, nic].join('/'), { pod, nic, addresses });
  }

  /** The runtime has forgotten a pod: nothing may be recorded for it any more. */
  forget({ uid }: WorldPod): void {
    for (const [key, attached] of this.#attached) if (attached.pod.uid === uid) this.#attached.delete(key);
  }

  /** Two attachments whose containers may both run never have one address, whatever the API says of their pods. */
  assertNoAddressTwice(): void {
    const owners = new Map<string, string>();
    for (const { pod, nic, addresses } of this.#attached.values()) {
      for (const address of addresses) {
        const owner = `${pod.namespace}/${pod.name} ${pod.uid} ${nic}`;
        assert.equal(owners.get(address) ?? owner, owner, `${address} has two owners`);
        owners.set(address, owner);
      }
    }
  }

  /** What has to be recorded, in lines as of {@link lineOf}, sorted. */
  lines(): readonly string[] {
    return [...this.#attached.values()]
      .flatMap(({ pod, nic, addresses }) =>
        addresses.map((address) => lineOf({ ...pod, address, nic, pod: `${pod.namespace}/${pod.name}` })),
      )
      .toSorted();
  }
}

/** One use of an address as a line that tells everything that has to be right. */
export function lineOf({ address, nic, pod, uid, sandbox, node }: Omit<StoredUse, 'pool'>): string {
  return `${pod} ${nic} ${address} uid=${uid} sandbox=${sandbox} node=${node}`;
}
