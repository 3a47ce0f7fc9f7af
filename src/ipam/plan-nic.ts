import { CniCode, CniError } from '../cni/error.ts';
import type { Address, Family } from '../ip/address.ts';
import type { Candidate, FamilyPlan, NicPlan } from './add-plan.ts';
import type { EnabledFamilies } from './facts.ts';
import { type FilterContext, rejectionReason } from './filters.ts';
import { orderPools } from './order.ts';
import { networkOfNic } from './pod-networks.ts';
import type { CatalogPool } from './pool.ts';
import { narrowToRequested, unservedRequests } from './requested.ts';
import { type NamedPool, resolveEntries } from './resolve-entries.ts';
import { listTitle, type NicSelection, type SourceContext, sourceTitles } from './sources.ts';

/** What the plan of a NIC depends on besides the pools that are named for it. */
export interface PlanContext extends SourceContext {
  readonly enabled: EnabledFamilies;
}

/** The plan of a NIC, and what is wrong with it; the first problem refuses the whole ADD. */
export interface PlannedNic {
  readonly plan: NicPlan;
  readonly problems: readonly CniError[];
}

/** Resolves the names and patterns of one NIC, filters and orders the pools, and narrows them to a requested address. */
export function planNic(selection: NicSelection, context: PlanContext): PlannedNic {
  const { nic, source, cleanGateway, pools } = selection;
  const { enabled } = context;
  const requested = requestedAddresses(nic, context);
  const named = ([4, 6] as const).filter((family) => pools[family].length > 0);
  const families: FamilyPlan[] = [];
  const problems: CniError[] = [];
  for (const family of named.filter((one) => enabled[one])) {
    const planned = planFamily(selection, filterContext(nic, family, context), requested);
    families.push(planned.plan);
    problems.push(...planned.problems);
  }
  const switchedOff = named.filter((family) => !enabled[family]);
  if (families.length === 0) problems.unshift(allSwitchedOff(selection, switchedOff));
  problems.push(...unservedRequests(nic, requested, families));
  return { plan: { nic, source, cleanGateway, families, switchedOff }, problems };
}

/** The Multus selection of the NIC goes before what the request says, which is of the NIC that is being added only. */
function requestedAddresses(nic: string, { request, networks }: PlanContext): readonly Address[] {
  const network = networkOfNic(networks, nic);
  if (network !== undefined && !(network instanceof CniError) && network.requestedAddresses.length > 0) {
    return network.requestedAddresses;
  }
  return nic === request.nic ? request.requestedAddresses : [];
}

function filterContext(
  nic: string,
  family: Family,
  { request, facts, networks }: PlanContext,
): FilterContext {
  // The configurations of the other NICs come with their own ADDs.
  const matchMasterSubnet = request.matchMasterSubnet && nic === request.nic;
  return { family, nic, matchMasterSubnet, facts, networks };
}

function planFamily(
  selection: NicSelection,
  context: FilterContext,
  requestedOfNic: readonly Address[],
): { plan: FamilyPlan; problems: readonly CniError[] } {
  const { family, facts } = context;
  const where = `${listTitle(selection.source, family)} for NIC ${selection.nic}, IPv${family}`;
  const resolved = resolveEntries(selection.pools[family], family, facts.catalog, where);
  const judged = resolved.pools.map((named) => judge(named, context));
  const rejected = judged.flatMap(({ candidate }) => (candidate.reason === undefined ? [] : [candidate]));
  const fitting = orderPools(
    judged.flatMap(({ pool }) => (pool === undefined ? [] : [pool])),
    ({ pool }) => pool,
  );
  const problems = resolved.problem === undefined ? [] : [resolved.problem];
  if (problems.length === 0 && fitting.length === 0) problems.push(noneFits(where, judged));
  const requested = narrowToRequested(fitting, requestedOfNic, family);
  rejected.push(...requested.rejected);
  if (problems.length === 0 && requested.problem !== undefined) problems.push(requested.problem);
  const accepted = requested.accepted;
  const candidates = [...accepted.map(({ pool }) => ({ name: pool.name })), ...rejected];
  const address = requested.address;
  return {
    plan: { family, candidates, accepted, ...(address !== undefined && { requested: address }) },
    problems,
  };
}

/** A candidate with its pool if it was accepted. */
interface Judged {
  readonly candidate: Candidate;
  readonly pool?: CatalogPool;
  /** The pool would fit, but for its records of the original. */
  readonly needsImport?: boolean;
}

function judge({ name, pool }: NamedPool, context: FilterContext): Judged {
  if (pool === undefined) return { candidate: { name, reason: 'does not exist' } };
  const reason = rejectionReason(pool.pool, context);
  if (reason !== undefined) return { candidate: { name, reason } };
  if (!pool.pool.hasOriginalRecords) return { candidate: { name }, pool };
  const unknown = 'has records of the original in status.allocatedIPs that were not imported';
  return { candidate: { name, reason: unknown }, needsImport: true };
}

function allSwitchedOff({ nic, source }: NicSelection, families: readonly Family[]): CniError {
  const names = families.map((family) => `IPv${family}`).join(' and ');
  const keys = families.map((family) => `enableIPv${family}: true`).join(', ');
  const message = `only ${names} pools are named by ${sourceTitles[source]} for NIC ${nic}, and ${names} is switched off: set ${keys} in conf.yml or name pools of the other family`;
  return new CniError(CniCode.familyDisabled, message);
}

/** Code 109 when importing records would help, else 102. */
function noneFits(where: string, judged: readonly Judged[]): CniError {
  const reasons = judged.map(({ candidate: { name, reason = '' } }) => `pool ${name} ${reason}`).join('; ');
  const message = `no pool of ${where} may be used: ${reasons}`;
  if (!judged.some(({ needsImport }) => needsImport)) return new CniError(CniCode.poolsFiltered, message);
  return new CniError(CniCode.originalRecords, `${message}; import the records with spiderpoolctl migrate`);
}
