import assert from 'node:assert/strict';
import type { Address, Family } from '../../ip/address.ts';
import { parseAddress } from '../../ip/address.ts';
import type { AddressRange } from '../../ip/address-range.ts';
import { RangeSet } from '../../ip/range-set.ts';
import { chooseAddress } from '../../ipam/choose.ts';
import type { PoolRange, Want } from '../../ipam/want.ts';
import type { Claimant, ClaimedAddress, ClaimOptions, Ledger, WantRefusal } from '../ledger.ts';
import type { AllocationRecord, Holder, StaticOwner } from '../record.ts';

/** When the tests begin, in milliseconds since the epoch. */
export const START_MS = 1_700_000_000_000;

/** A clock that only a test moves. */
export class TestClock {
  ms = START_MS;
  readonly nowMs = (): number => this.ms;

  advance(byMs: number): void {
    this.ms += byMs;
  }
}

/** The address that a text means. */
export function ip(text: string): Address {
  const address = parseAddress(text);
  assert.notEqual(address, undefined, `${text} is an address`);
  return address ?? 0;
}

/** A pool of `a` or `a-b` texts, all of one family. */
export function poolOf(name: string, ranges: readonly string[], reuseDelayMs = 30_000): PoolRange {
  const parsed: AddressRange[] = ranges.map((text) => {
    const [start = text, end = start] = text.split('-');
    return { start: ip(start), end: ip(end) };
  });
  const family: Family = typeof parsed[0]?.start === 'bigint' ? 6 : 4;
  const subnet =
    family === 4
      ? { family, network: ip('10.0.0.0'), prefixLength: 8 }
      : { family, network: ip('fd00::'), prefixLength: 8 };
  return { name, family, subnet, eligible: RangeSet.of(family, parsed), reuseDelayMs };
}

/** A want for an address of the family of its first pool. */
export function wantOf(nic: string, pools: readonly PoolRange[], requested?: string): Want {
  return {
    nic,
    family: pools[0]?.family ?? 4,
    pools,
    ...(requested !== undefined && { requested: ip(requested) }),
  };
}

/** The node whose handle is opened when none is named. */
export const NODE = 'node-1';

/** A pod's holder; another sandbox stands for the same pod made again. */
export function holderOf(pod: string, sandbox = `${pod}-sandbox`, node = NODE): Holder {
  return { uid: `${pod}-uid`, sandbox, node, pod: { namespace: 'default', name: pod } };
}

export function claimantOf(pod: string, sandbox?: string, node?: string): Claimant {
  return { holder: holderOf(pod, sandbox, node), network: 'net' };
}

export const OWNER: StaticOwner = { kind: 'StatefulSet', namespace: 'default', name: 'web-0' };

export function staticClaimantOf(pod: string, takeover: 'move' | 'share' = 'move', node?: string): Claimant {
  return { ...claimantOf(pod, undefined, node), owner: { ...OWNER, takeover } };
}

/** Claims with the product's own chooser and expects every want to be served. */
export async function claimed(
  ledger: Ledger,
  claimant: Claimant,
  wants: readonly Want[],
  options?: ClaimOptions,
): Promise<readonly ClaimedAddress[]> {
  const outcome = await ledger.claim(claimant, wants, chooseAddress, options);
  if (outcome.kind === 'refused')
    assert.fail(`refused: ${outcome.refusals.map((it) => it.cause).join(', ')}`);
  assert.deepEqual(
    outcome.addresses.map((it) => it.want),
    wants,
  );
  return outcome.addresses;
}

/** Claims one address and returns its record. */
export async function claimedRecord(
  ledger: Ledger,
  claimant: Claimant,
  want: Want,
): Promise<AllocationRecord> {
  const [address] = await claimed(ledger, claimant, [want]);
  assert.ok(address);
  return address.record;
}

/** Claims and expects a refusal; returns its reasons. */
export async function refused(
  ledger: Ledger,
  claimant: Claimant,
  wants: readonly Want[],
): Promise<readonly WantRefusal[]> {
  const outcome = await ledger.claim(claimant, wants, chooseAddress);
  assert.equal(outcome.kind, 'refused');
  return outcome.kind === 'refused' ? outcome.refusals : [];
}

export function releaseOf(pod: string, nic: string, sandbox = `${pod}-sandbox`) {
  return { by: 'attachment', sandbox, nic, uid: `${pod}-uid` } as const;
}
