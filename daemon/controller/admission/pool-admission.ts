import { parseAllocatedIps } from '../../../src/api/allocated-ips.ts';
import { poolsInTheWay } from '../../../src/api/collisions.ts';
import type { FieldError } from '../../../src/api/field-error.ts';
import { addedAddresses, networkFacts } from '../../../src/api/network-facts.ts';
import { hasOriginalRecords } from '../../../src/api/original-records.ts';
import type { ParseOutcome, ParseResourceOptions } from '../../../src/api/parse-resource.ts';
import { parsePool } from '../../../src/api/parse-resource.ts';
import { defaultPool, markNewPool } from '../../../src/api/pool-defaults.ts';
import type { AllocatedAddress, PoolContext } from '../../../src/api/pool-validation.ts';
import { validatePoolCreate, validatePoolUpdate } from '../../../src/api/pool-validation.ts';
import { poolWarnings } from '../../../src/api/pool-warnings.ts';
import { quote } from '../../../src/api/quote.ts';
import type { SpiderIPPool } from '../../../src/api/resources.ts';
import { structurallyEqual } from '../../../src/api/structurally-equal.ts';
import { adoptPool, controllingSubnet } from '../../../src/api/subnet-ownership.ts';
import { formatAddress } from '../../../src/ip/address.ts';
import type { RangeSet } from '../../../src/ip/range-set.ts';
import type { AddressesInUse } from './addresses-in-use.ts';
import type { AdmissionOptions } from './admission-options.ts';
import type { AdmissionView } from './admission-view.ts';
import type { KindRules } from './kind-admission.ts';
import { NotNowError } from './not-now-error.ts';

/** The rules of SpiderIPPools. */
export class PoolAdmission implements KindRules<SpiderIPPool> {
  readonly kind = 'SpiderIPPool';
  readonly plural = 'spiderippools';
  readonly statusFields = ['allocatedIPs'];
  readonly #options: AdmissionOptions;
  readonly #view: AdmissionView;
  readonly #inUse: AddressesInUse;

  constructor(options: AdmissionOptions, view: AdmissionView, inUse: AddressesInUse) {
    this.#options = options;
    this.#view = view;
    this.#inUse = inUse;
  }

  parse(value: unknown, options?: ParseResourceOptions): ParseOutcome<SpiderIPPool> {
    return parsePool(value, options);
  }

  fillIn(pool: SpiderIPPool, isNew: boolean): SpiderIPPool {
    const filled = defaultPool(pool, { storedFields: true });
    const { enableSpiderSubnet } = this.#options;
    const owned = enableSpiderSubnet ? adoptPool(filled, this.#view.subnets()) : filled;
    return isNew ? markNewPool(owned) : owned;
  }

  fillInSpec(pool: SpiderIPPool): SpiderIPPool {
    return defaultPool(pool);
  }

  async validateCreate(pool: SpiderIPPool, signal: AbortSignal): Promise<readonly FieldError[]> {
    return this.#compare(pool, signal, (context) => validatePoolCreate(pool, context));
  }

  async validateUpdate(
    old: SpiderIPPool,
    updated: SpiderIPPool,
    signal: AbortSignal,
  ): Promise<readonly FieldError[]> {
    const { families } = this.#options;
    // Nothing else matters to a change of metadata, such as the removal of a finalizer, or to what is being deleted.
    if (updated.metadata.deletionTimestamp !== undefined || structurallyEqual(old.spec, updated.spec)) {
      return validatePoolUpdate(old, updated, { families, otherPools: [], allocated: [] });
    }
    const errors = await this.#compare(updated, signal, (context) =>
      validatePoolUpdate(old, updated, { ...context, allocated: [] }),
    );
    if (errors.length > 0) return errors;
    const removed = addedAddresses(networkFacts(updated.spec).usable, networkFacts(old.spec).usable);
    if (removed === undefined || removed.isEmpty) return [];
    const allocated = await this.#allocated(old, removed, signal);
    return validatePoolUpdate(old, updated, { families, otherPools: [], allocated });
  }

  async refuseDeletion(pool: SpiderIPPool, signal: AbortSignal): Promise<string | undefined> {
    if (!this.#options.refusesDeletionInUse || pool.metadata.deletionTimestamp !== undefined)
      return undefined;
    const [used] = await this.#allocated(pool, undefined, signal);
    if (used === undefined) return undefined;
    return `pool ${quote(pool.metadata.name)} has addresses in use, such as ${formatAddress(used.address)} of pod ${quote(used.pod)}: delete it when its pods are gone, or set enableValidatingResourcesDeletedWebhook to false`;
  }

  warnings(pool: SpiderIPPool) {
    return poolWarnings(pool);
  }

  /** Checks by what the watches say, and again by the API server's word where they stand in the way. */
  async #compare(
    pool: SpiderIPPool,
    signal: AbortSignal,
    check: (context: PoolContext) => readonly FieldError[],
  ): Promise<readonly FieldError[]> {
    const { families, enableSpiderSubnet } = this.#options;
    const ownerName = enableSpiderSubnet ? controllingSubnet(pool) : undefined;
    const otherPools = poolsInTheWay(pool, this.#view.pools());
    if (enableSpiderSubnet) this.#view.subnets();
    const owner = ownerName === undefined ? undefined : await this.#subnet(ownerName, signal);
    const errors = check({ families, otherPools, owner });
    if (errors.length === 0 || (otherPools.length === 0 && owner === undefined)) return errors;
    const [others, owners] = await Promise.all([
      this.#view.rereadPools(otherPools, signal),
      this.#view.rereadSubnets(owner === undefined ? [] : [owner], signal),
    ]);
    return check({ families, otherPools: others, owner: owners[0] });
  }

  async #subnet(name: string, signal: AbortSignal) {
    try {
      return await this.#view.subnet(name, signal);
    } catch (error) {
      throw new NotNowError(`SpiderSubnet ${quote(name)} can't be read now: try again`, { cause: error });
    }
  }

  /**
   * The addresses of a pool that are in use.
   *
   * @param among only these; undefined: any, of which one is enough
   */
  async #allocated(
    pool: SpiderIPPool,
    among: RangeSet | undefined,
    signal: AbortSignal,
  ): Promise<readonly AllocatedAddress[]> {
    const { metadata, spec } = pool;
    const { subnet } = networkFacts(spec);
    const original = originalRecords(pool);
    if (subnet === undefined) return original;
    const query = { subnet, pools: new Set([metadata.name]), ...(among ? { among } : { limit: 1 }) };
    try {
      return [...original, ...(await this.#inUse.find(query, signal))];
    } catch (error) {
      const message = `which addresses of pool ${quote(metadata.name)} are in use can't be read now: try again`;
      throw new NotNowError(message, { cause: error });
    }
  }
}

/** What the original wrote, as long as it was not imported into blocks. */
function originalRecords(pool: SpiderIPPool): readonly AllocatedAddress[] {
  if (!hasOriginalRecords(pool)) return [];
  const records = parseAllocatedIps(pool.status?.allocatedIPs);
  if (records.ok) return records.entries;
  throw new NotNowError(
    `status.allocatedIPs of pool ${quote(pool.metadata.name)} has records of the original, and they can't be read (${records.reason}): repair or import them first (spiderpoolctl migrate)`,
  );
}
