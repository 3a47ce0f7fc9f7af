import type { Address, Family } from '../ip/address.ts';

/** The addresses of a run that were never used or have cooled down. */
export interface FreeAddresses {
  /** The first free address at or after `start`, going on at the beginning after the end; undefined if none is free. */
  nextFrom(start: Address): Address | undefined;
  /** The lowest free address. */
  first(): Address | undefined;
}

/** A released address that still rests. */
export interface RestingAddress {
  readonly address: Address;
  /** When it was released, in milliseconds since the epoch. */
  readonly freedMs: number;
}

/** One run of addresses as a ledger sees it at the moment of the choice: a whole pool, or one block of 64. */
export interface AddressRun {
  readonly family: Family;
  readonly free: FreeAddresses;
  /** Released addresses that still cool, oldest first; only the first few are looked at. */
  readonly cooling: Iterable<RestingAddress>;
  /** Addresses that were freed while their node was unreachable and may still answer on the wire, oldest first. */
  readonly suspect: Iterable<RestingAddress>;
}

/** How good a choice is; a lower class is taken from another run before a higher one from this. */
export type ChoiceClass = 'free' | 'cooling' | 'suspect';

/** An address together with how good it is. */
export interface Choice {
  readonly address: Address;
  readonly class: ChoiceClass;
}

/** What a choice depends on besides the run. */
export interface ChooseOptions {
  /** Where to start looking among the free addresses. @default the lowest free address */
  readonly start?: Address;
  /** The time of the decision, in milliseconds since the epoch. */
  readonly nowMs: number;
  /** A number from 0 to 1, 1 excluded. */
  readonly random: () => number;
}

/** Picks the address to hand out of a run, or undefined when the run has none. Pure. */
export type Chooser = (run: AddressRun, options: ChooseOptions) => Choice | undefined;

/**
 * Among how many of the oldest resting addresses one is drawn: enough that several nodes that choose at once rarely
 * meet on one address, few enough that none is taken that was released much later than the oldest.
 */
export const OLDEST_DRAWN = 8;

/** A suspect address is not handed out sooner than this: the time in which a cut-off node's pods are evicted. */
export const SUSPECT_REST_MS = 5 * 60_000;

/**
 * Decision 4: an address that was never used or has cooled down; else one of the oldest that still cool, which is
 * better than failing; else one of the oldest suspects, if it has rested for SUSPECT_REST_MS. Clocks only order the
 * choice: a release in the future counts as one of now.
 */
export const chooseAddress: Chooser = (run, options) => {
  const free = options.start === undefined ? run.free.first() : run.free.nextFrom(options.start);
  if (free !== undefined) return { address: free, class: 'free' };
  const cooling = drawAmongOldest(run.cooling, options.random);
  if (cooling !== undefined) return { address: cooling, class: 'cooling' };
  const suspect = drawAmongOldest(restedLongEnough(run.suspect, options.nowMs), options.random);
  if (suspect !== undefined) return { address: suspect, class: 'suspect' };
  return undefined;
};

/** Whether a suspect address may be handed out again. */
export function isSuspectUsable(freedMs: number, nowMs: number): boolean {
  return nowMs - freedMs >= SUSPECT_REST_MS;
}

function* restedLongEnough(
  suspects: Iterable<RestingAddress>,
  nowMs: number,
): Generator<RestingAddress, void, undefined> {
  for (const suspect of suspects) {
    // Oldest first: all that follow are younger.
    if (!isSuspectUsable(suspect.freedMs, nowMs)) return;
    yield suspect;
  }
}

function drawAmongOldest(resting: Iterable<RestingAddress>, random: () => number): Address | undefined {
  const oldest: Address[] = [];
  for (const { address } of resting) {
    oldest.push(address);
    if (oldest.length === OLDEST_DRAWN) break;
  }
  return oldest[Math.floor(random() * oldest.length)];
}
