import type { Condition } from '../api/resources.ts';
import {
  deletingText,
  notUsedText,
  originalRecordsText,
  outsideText,
} from '../cluster/pool-condition-texts.ts';
import { type FillLevel, fillLevel } from './fill-level.ts';
import type { PoolUse } from './pool-counts.ts';

/** Types of the conditions that stand here; what others add is left alone. */
export const poolConditionTypes = [
  'AlmostFull',
  'Overlap',
  'OutsideAllocations',
  'Deleting',
  'OriginalRecords',
  'Invalid',
] as const;

export type PoolConditionType = (typeof poolConditionTypes)[number];

/** A condition as it is found, before it is compared with what stands. */
export interface FoundCondition {
  readonly type: PoolConditionType;
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
}

/** What the conditions of a pool follow from. */
export interface PoolFacts {
  readonly use: PoolUse;
  /** Why the pool can't be used; undefined when it can. */
  readonly problem: string | undefined;
  readonly isDeleting: boolean;
  readonly hasOriginalRecords: boolean;
  /** Addresses that pods may have at all. */
  readonly eligible: bigint;
  /** With which pools it overlaps, each in a sentence. */
  readonly overlaps: readonly string[];
}

/** Overlaps that a message names: a reader needs examples, and the message has a limit. */
const toldOverlapsMax = 5;

const fillTexts: Readonly<Record<FillLevel, string>> = {
  Below80Percent: 'less than 80 % of its addresses are in use',
  Above80Percent: '80 % of its addresses or more are in use',
  Above95Percent: '95 % of its addresses or more are in use: add some soon',
  Exhausted: 'no address can be given: add some, or wait until some are released',
};

/** What an operator should know of a pool. `AlmostFull` is always told where the use is known; the others while they apply. */
export function findConditions(facts: PoolFacts, standing: readonly Condition[]): readonly FoundCondition[] {
  const { use, problem, isDeleting, hasOriginalRecords, overlaps } = facts;
  const found: FoundCondition[] = [];
  const tell = (type: PoolConditionType, reason: string, message: string): void => {
    found.push({ type, status: 'True', reason, message });
  };
  if (problem === undefined && !hasOriginalRecords) found.push(almostFull(facts, standing));
  if (overlaps.length > 0) tell('Overlap', 'OverlapsPools', overlapText(overlaps));
  if (use.outside > 0) tell('OutsideAllocations', 'RangesCut', outsideText(use.outside, use.allocated));
  if (isDeleting) tell('Deleting', ...deletion(use.allocated, hasOriginalRecords));
  if (hasOriginalRecords) tell('OriginalRecords', 'NotImported', originalRecordsText);
  if (problem !== undefined) tell('Invalid', 'NotUsable', notUsedText(problem));
  return found;
}

function almostFull({ use, eligible }: PoolFacts, standing: readonly Condition[]): FoundCondition {
  const type = 'AlmostFull';
  if (eligible === 0n) return { type, status: 'True', reason: 'NoAddresses', message: 'it has no addresses' };
  const available = eligible - BigInt(use.taken + use.withheld);
  const before = standing.find((condition) => condition.type === type)?.reason;
  const level = fillLevel({ eligible, available }, before);
  const status = level === 'Below80Percent' ? 'False' : 'True';
  return { type, status, reason: level, message: fillTexts[level] };
}

function deletion(
  allocated: number,
  hasOriginalRecords: boolean,
): readonly [reason: string, message: string] {
  if (hasOriginalRecords)
    return ['WaitsForOriginalRecords', `${deletingText}: records of the original are left`];
  if (allocated === 0) return ['NoAddressesLeft', deletingText];
  const addresses = allocated === 1 ? '1 address is' : `${allocated} addresses are`;
  return ['WaitsForAddresses', `${deletingText}: ${addresses} in use`];
}

function overlapText(overlaps: readonly string[]): string {
  const told = overlaps.slice(0, toldOverlapsMax).join('; ');
  const more = overlaps.length - toldOverlapsMax;
  return more > 0 ? `${told}; and ${more} more` : told;
}

/**
 * The conditions as they are to stand: each that is as before keeps its time, and those of other types stay as they are.
 *
 * @param time now, as RFC 3339
 */
export function mergeConditions(
  found: readonly FoundCondition[],
  standing: readonly Condition[],
  { time, generation }: { readonly time: string; readonly generation: number | undefined },
): readonly Condition[] {
  const isOurs = ({ type }: Condition): boolean => poolConditionTypes.some((ours) => ours === type);
  const ours = found.map((condition): Condition => {
    const before = standing.find(({ type }) => type === condition.type);
    const lastTransitionTime = before?.status === condition.status ? before.lastTransitionTime : time;
    return {
      ...condition,
      lastTransitionTime,
      ...(generation !== undefined && { observedGeneration: generation }),
    };
  });
  return [...ours, ...standing.filter((condition) => !isOurs(condition))];
}

/** The conditions that can be read in a status. */
export function readConditions(value: unknown): readonly Condition[] {
  return Array.isArray(value) ? value.filter(isCondition) : [];
}

function isCondition(value: unknown): value is Condition {
  if (typeof value !== 'object' || value === null) return false;
  const { type, status, reason, message, lastTransitionTime } = value as Readonly<Record<string, unknown>>;
  const isStatus = status === 'True' || status === 'False' || status === 'Unknown';
  return isStatus && [type, reason, message, lastTransitionTime].every((text) => typeof text === 'string');
}
