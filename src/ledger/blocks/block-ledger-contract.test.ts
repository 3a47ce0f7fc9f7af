import assert from 'node:assert/strict';
import { after } from 'node:test';
import { startControlPlane } from '../../../test/support/control-plane.ts';
import { createKubeApi } from '../../kube/create-kube-api.ts';
import { kubeResources, resourcePath } from '../../kube/resource-path.ts';
import { ledgerContract } from '../contract/contract.ts';
import { NODE } from '../contract/fixtures.ts';
import type { ContractStore } from '../contract/harness.ts';
import type { Ledger } from '../ledger.ts';
import { openBlockLedger } from './block-ledger.ts';
import { SeverableApi } from './testing/severable-api.ts';

const plane = await startControlPlane();
const api = createKubeApi({ kubeconfig: plane.adminKubeconfig });
after(async () => {
  await api[Symbol.asyncDispose]();
  await plane[Symbol.asyncDispose]();
});

class BlockContractStore implements ContractStore {
  readonly #connections = new Map<Ledger, SeverableApi>();
  #draw = 0;
  /** Evenly spread and the same in every run, so that a failed history fails again when it is shortened. */
  readonly #random = (): number => {
    this.#draw = (this.#draw + 0.618) % 1;
    return this.#draw;
  };

  async open(clock: { readonly nowMs: () => number }, node = NODE): Promise<Ledger> {
    const connection = new SeverableApi(api);
    const ledger = await openBlockLedger({
      api: connection,
      nodeName: node,
      nowMs: clock.nowMs,
      random: this.#random,
      // The lowest address comes first.
      placement: 0,
      proofBackoffMs: 0,
      closeWithinMs: 0,
    });
    this.#connections.set(ledger, connection);
    return ledger;
  }

  async crash(ledger: Ledger): Promise<void> {
    await this.#connections.get(ledger)?.sever();
    await ledger[Symbol.asyncDispose]();
  }

  async dispose(): Promise<void> {
    for (const ledger of this.#connections.keys()) await this.crash(ledger);
    const { status } = await plane.adminRequest('DELETE', resourcePath(kubeResources.blocks));
    assert.equal(status, 200);
  }
}

ledgerContract('BlockLedger', {
  createStore: async () => new BlockContractStore(),
  histories: 25,
  isAtomic: false,
});
