import { CniCode, CniError } from '../cni/error.ts';
import type { Family } from '../ip/address.ts';
import type { AddPlan, Candidate, FamilyPlan, NicPlan } from './add-plan.ts';
import type { ClusterFacts, EnabledFamilies } from './facts.ts';
import { rejectionReason } from './filters.ts';
import { orderPools } from './order.ts';
import type { CatalogPool } from './pool.ts';
import type { NicRequest } from './request.ts';
import { narrowToRequested, unservedRequests } from './requested.ts';
import { type NamedPool, resolveEntries } from './resolve-entries.ts';
import { type NicSelection, selectPools, sourceTitles } from './sources.ts';
import type { Want } from './want.ts';

/**
 * Decides which pools may serve a request and in which order. Pure; free addresses are not looked at: the
 * ledger goes on to the next pool when one is exhausted.
 */
export function planAdd(request: NicRequest, facts: ClusterFacts, enabled: EnabledFamilies): AddPlan {
  const selections = selectPools(request, facts);
  if (selections === undefined) return { nics: [], problem: noPoolSelected(request) };
  const planned = selections.map((selection) => planNic(selection, request, facts, enabled));
  const problem = planned.flatMap(({ problems }) => problems).at(0);
  return { nics: planned.map(({ plan }) => plan), ...(problem && { problem }) };
}

/** What the ledger is asked for: one want for each NIC and family of the plan. */
export function wantsOf(plan: AddPlan): Want[] {
  return plan.nics.flatMap(({ nic, families }) =>
    families.map(({ family, accepted, requested }) => ({
      nic,
      family,
      pools: accepted.map(({ range }) => range),
      ...(requested !== undefined && { requested }),
    })),
  );
}

interface PlannedNic {
  readonly plan: NicPlan;
  readonly problems: readonly CniError[];
}

function planNic(
  selection: NicSelection,
  request: NicRequest,
  facts: ClusterFacts,
  enabled: EnabledFamilies,
): PlannedNic {
  const named = ([4, 6] as const).filter((family) => selection.pools[family].length > 0);
  const families: FamilyPlan[] = [];
  const problems: CniError[] = [];
  for (const family of named.filter((one) => enabled[one])) {
    const planned = planFamily(family, selection, request, facts);
    families.push(planned.plan);
    problems.push(...planned.problems);
  }
  const switchedOff = named.filter((family) => !enabled[family]);
  if (families.length === 0) problems.unshift(allSwitchedOff(selection, switchedOff));
  problems.push(...unservedRequests(request, families));
  const { nic, source, cleanGateway } = selection;
  return { plan: { nic, source, cleanGateway, families, switchedOff }, problems };
}

function planFamily(
  family: Family,
  selection: NicSelection,
  request: NicRequest,
  facts: ClusterFacts,
): { plan: FamilyPlan; problems: readonly CniError[] } {
  const where = `${sourceTitles[selection.source]} for NIC ${selection.nic}, IPv${family}`;
  const resolved = resolveEntries(selection.pools[family], family, facts.catalog, where);
  const judged = resolved.pools.map((named) => judge(named, family, request, facts));
  const rejected = judged.flatMap(({ candidate }) => (candidate.reason === undefined ? [] : [candidate]));
  const fitting = orderPools(
    judged.flatMap(({ pool }) => (pool === undefined ? [] : [pool])),
    ({ pool }) => pool,
  );
  const problems = [...resolved.problems];
  if (problems.length === 0 && fitting.length === 0) problems.push(allFiltered(where, rejected));
  const requested = narrowToRequested(fitting, request.requestedAddresses, family);
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

function judge(
  named: NamedPool,
  family: Family,
  request: NicRequest,
  facts: ClusterFacts,
): { candidate: Candidate; pool?: CatalogPool } {
  const { name, pool } = named;
  if (pool === undefined) return { candidate: { name, reason: 'does not exist' } };
  const reason = rejectionReason(pool.pool, { family, request, facts });
  return reason === undefined ? { candidate: { name }, pool } : { candidate: { name, reason } };
}

function noPoolSelected({ nic }: NicRequest): CniError {
  const message =
    `no pool is selected for NIC ${nic}: set default_ipv4_ippool or default_ipv6_ippool in the ipam part of the ` +
    'CNI config, or make a pool the cluster default with spec.default: true';
  return new CniError(CniCode.noPoolSelected, message);
}

function allSwitchedOff({ nic, source }: NicSelection, families: readonly Family[]): CniError {
  const names = families.map((family) => `IPv${family}`).join(' and ');
  const keys = families.map((family) => `enableIPv${family}: true`).join(', ');
  const message = `only ${names} pools are named by ${sourceTitles[source]} for NIC ${nic}, and ${names} is switched off: set ${keys} in conf.yml or name pools of the other family`;
  return new CniError(CniCode.familyDisabled, message);
}

function allFiltered(where: string, rejected: readonly Candidate[]): CniError {
  const reasons = rejected.map(({ name, reason }) => `pool ${name} ${reason}`).join('; ');
  return new CniError(CniCode.poolsFiltered, `no pool of ${where} may be used: ${reasons}`);
}
