import { subnetCidrLabel, subnetFinalizer } from './names.ts';
import { defaultNetwork, withStoredFields } from './network-defaults.ts';
import type { SpiderSubnet } from './resources.ts';

/** How much is filled in. */
export interface DefaultSubnetOptions {
  /** Also sets what only a stored object carries: the finalizer and the label `subnet-cidr`. @default false */
  readonly storedFields?: boolean;
}

/**
 * Fills in what the user left out, as admission of the original does: `ipVersion` from the subnet, `ips` and `excludeIPs` of
 * several entries merged into canonical ranges. Never fails and is idempotent, like `defaultPool`. With `storedFields` a
 * subnet that is being deleted stays untouched.
 */
export function defaultSubnet(subnet: SpiderSubnet, options: DefaultSubnetOptions = {}): SpiderSubnet {
  const stored = options.storedFields === true;
  const { metadata, spec } = subnet;
  if (stored && metadata.deletionTimestamp !== undefined) return subnet;
  const names = { finalizer: subnetFinalizer, cidrLabel: subnetCidrLabel };
  return {
    ...subnet,
    metadata: stored ? withStoredFields(metadata, spec.subnet, names) : metadata,
    spec: defaultNetwork(spec),
  };
}
