import { podAnnotations } from '../api/names.ts';
import { CniCode, CniError } from '../cni/error.ts';
import type { AddPlan, FamilyPlan } from './add-plan.ts';
import { customRoutesOf } from './custom-routes-of.ts';
import type { ClusterFacts, EnabledFamilies } from './facts.ts';
import { orCniError } from './or-cni-error.ts';
import { planNic } from './plan-nic.ts';
import { readPodNetworks } from './pod-networks.ts';
import type { NicRequest } from './request.ts';
import { selectPools } from './sources.ts';
import type { Want } from './want.ts';

/**
 * Decides which pools may serve a request and in which order. Pure; free addresses are not looked at: the
 * ledger goes on to the next pool when one is exhausted. The plan has all NICs that the winning source names.
 */
export function planAdd(request: NicRequest, facts: ClusterFacts, enabled: EnabledFamilies): AddPlan {
  const networks = readPodNetworks(facts);
  const selections = orCniError(
    () => selectPools({ request, facts, networks }) ?? noPoolSelected(request, facts),
  );
  if (selections instanceof CniError) return { nics: [], customRoutes: [], problem: selections };
  const planned = selections.map((selection) => planNic(selection, { request, facts, networks, enabled }));
  const routes = orCniError(() => customRoutesOf(facts));
  const isBad = routes instanceof CniError;
  const problems = [...(isBad ? [routes] : []), ...planned.flatMap((one) => one.problems)];
  const problem = problems.at(0);
  return {
    nics: planned.map(({ plan }) => plan),
    customRoutes: isBad ? [] : routes,
    ...(problem && { problem }),
  };
}

/** How the wants of a plan are made. */
export interface WantsOptions {
  /**
   * True for static workloads: a record in a pool that is no longer a candidate of its NIC, accepted or not, is given up for
   * a new address. @default false
   */
  readonly keepsByPool?: boolean;
}

/** What the ledger is asked for: one want for each NIC and family of the plan. */
export function wantsOf(plan: AddPlan, { keepsByPool = false }: WantsOptions = {}): Want[] {
  return plan.nics.flatMap(({ nic, families }) => {
    const keepPools = keepsByPool && candidateNames(families);
    return families.map(({ family, accepted, requested }) => ({
      nic,
      family,
      pools: accepted.map(({ range }) => range),
      ...(requested !== undefined && { requested }),
      ...(keepPools && { keepPools }),
    }));
  });
}

/** Of both families: the record of one names its pool only. */
function candidateNames(families: readonly FamilyPlan[]): ReadonlySet<string> {
  return new Set(families.flatMap(({ candidates }) => candidates.map(({ name }) => name)));
}

function noPoolSelected({ nic }: NicRequest, { pod }: ClusterFacts): CniError {
  const annotation =
    pod?.annotations === undefined
      ? ''
      : `annotate the pod with ${podAnnotations.ippool}: {"ipv4":["pool-a"]}, `;
  const message =
    `no pool is selected for NIC ${nic}: ${annotation}set default_ipv4_ippool or default_ipv6_ippool in the ipam part of the ` +
    'CNI config, or make a pool the cluster default with spec.default: true';
  return new CniError(CniCode.noPoolSelected, message);
}
