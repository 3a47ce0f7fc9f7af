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
