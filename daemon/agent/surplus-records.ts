import { familyOf } from '../../src/ip/address.ts';
import type { AddPlan } from '../../src/ipam/add-plan.ts';
import type { AllocationRecord } from '../../src/ledger/record.ts';

/**
 * What is kept for a StatefulSet's pod and its pools no longer ask for: a family of a NIC that is not named any more, and a NIC that
 * the annotation for all NICs leaves out. Nobody holds it, so nobody would give it up before the set is gone. A family that is
 * switched off keeps its addresses. Pure.
 *
 * @param kept records of the static owner
 */
export function surplusRecords(
  { nics }: Pick<AddPlan, 'nics'>,
  kept: readonly AllocationRecord[],
): readonly AllocationRecord[] {
  // All other sources are for the NIC that is being added: they say nothing of the others.
  const areAllNics = nics.some(({ source }) => source === 'pod-ippools');
  return kept.filter(({ address, holders, nic }) => {
    if (holders.length > 0) return false;
    const plan = nics.find((one) => one.nic === nic);
    if (plan === undefined) return areAllNics;
    const family = familyOf(address);
    return !plan.families.some((one) => one.family === family) && !plan.switchedOff.includes(family);
  });
}
