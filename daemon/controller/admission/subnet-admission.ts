import { poolsOutside, subnetsInTheWay } from '../../../src/api/collisions.ts';
import type { FieldError, FieldWarning } from '../../../src/api/field-error.ts';
import { isSameNetwork, networkFacts } from '../../../src/api/network-facts.ts';
import type { ParseOutcome, ParseResourceOptions } from '../../../src/api/parse-resource.ts';
import { parseSubnet } from '../../../src/api/parse-resource.ts';
import { quote } from '../../../src/api/quote.ts';
import type { SpiderSubnet } from '../../../src/api/resources.ts';
import { structurallyEqual } from '../../../src/api/structurally-equal.ts';
import { defaultSubnet } from '../../../src/api/subnet-defaults.ts';
import type { SubnetContext } from '../../../src/api/subnet-validation.ts';
import { validateSubnetCreate, validateSubnetUpdate } from '../../../src/api/subnet-validation.ts';
import { formatAddress } from '../../../src/ip/address.ts';
import type { AddressesInUse } from './addresses-in-use.ts';
import type { AdmissionOptions } from './admission-options.ts';
import type { AdmissionView } from './admission-view.ts';
import type { KindRules } from './kind-admission.ts';

/** The rules of SpiderSubnets. They hold also while the feature is off, so that what it will find is in order. */
export class SubnetAdmission implements KindRules<SpiderSubnet> {
  readonly kind = 'SpiderSubnet';
  readonly plural = 'spidersubnets';
  readonly statusFields = ['controlledIPPools', 'allocatedIPCount'];
  readonly #options: AdmissionOptions;
  readonly #view: AdmissionView;
  readonly #inUse: AddressesInUse;

  constructor(options: AdmissionOptions, view: AdmissionView, inUse: AddressesInUse) {
    this.#options = options;
    this.#view = view;
    this.#inUse = inUse;
  }

  parse(value: unknown, options?: ParseResourceOptions): ParseOutcome<SpiderSubnet> {
    return parseSubnet(value, options);
  }

  fillIn(subnet: SpiderSubnet): SpiderSubnet {
    return defaultSubnet(subnet, { storedFields: true });
  }

  fillInSpec(subnet: SpiderSubnet): SpiderSubnet {
    return defaultSubnet(subnet);
  }

  async validateCreate(subnet: SpiderSubnet, signal: AbortSignal): Promise<readonly FieldError[]> {
    return this.#compare(subnet, signal, (context) => validateSubnetCreate(subnet, context));
  }

  async validateUpdate(
    old: SpiderSubnet,
    updated: SpiderSubnet,
    signal: AbortSignal,
  ): Promise<readonly FieldError[]> {
    const { families } = this.#options;
    // Nothing else matters to a change of metadata, such as the removal of a finalizer, or to what is being deleted.
    if (updated.metadata.deletionTimestamp !== undefined || structurallyEqual(old.spec, updated.spec)) {
      return validateSubnetUpdate(old, updated, { families, otherSubnets: [], pools: [] });
    }
    return this.#compare(updated, signal, (context) => validateSubnetUpdate(old, updated, context));
  }

  async refuseDeletion(subnet: SpiderSubnet, signal: AbortSignal): Promise<string | undefined> {
    const { refusesDeletionInUse, enableSpiderSubnet } = this.#options;
    const { metadata, spec, status } = subnet;
    if (!refusesDeletionInUse || metadata.deletionTimestamp !== undefined) return undefined;
    const name = quote(metadata.name);
    const advice = 'or set enableValidatingResourcesDeletedWebhook to false';
    const count = status?.allocatedIPCount ?? 0n;
    if (count > 0n)
      return `pools have ${count} addresses of subnet ${name}: delete it when they are gone, ${advice}`;
    const network = networkFacts(spec).subnet;
    if (!enableSpiderSubnet || network === undefined) return undefined;
    const pools = new Set<string>();
    for (const pool of this.#view.pools()) if (isSameNetwork(pool.spec, spec)) pools.add(pool.metadata.name);
    if (pools.size === 0) return undefined;
    const [used] = await this.#inUse.find({ subnet: network, pools, limit: 1 }, signal);
    if (used === undefined) return undefined;
    return `pools of subnet ${name}, which go with it, have addresses in use, such as ${formatAddress(used.address)} of pod ${quote(used.pod)}: delete it when the pods are gone, ${advice}`;
  }

  warnings(): readonly FieldWarning[] {
    return [];
  }

  /** Checks by what the watches say, and again by the API server's word where they stand in the way. */
  async #compare(
    subnet: SpiderSubnet,
    signal: AbortSignal,
    check: (context: SubnetContext) => readonly FieldError[],
  ): Promise<readonly FieldError[]> {
    const { families } = this.#options;
    const otherSubnets = subnetsInTheWay(subnet, this.#view.subnets());
    const pools = poolsOutside(subnet, this.#view.pools());
    const errors = check({ families, otherSubnets, pools });
    if (errors.length === 0 || otherSubnets.length + pools.length === 0) return errors;
    const [freshSubnets, freshPools] = await Promise.all([
      this.#view.rereadSubnets(otherSubnets, signal),
      this.#view.rereadPools(pools, signal),
    ]);
    return check({ families, otherSubnets: freshSubnets, pools: freshPools });
  }
}
