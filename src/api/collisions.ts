import { cidrsOverlap } from '../ip/cidr.ts';
import { addedAddresses, isCrossing, isSameNetwork, networkFacts, sharedAddresses } from './network-facts.ts';
import type { SpiderIPPool, SpiderSubnet } from './resources.ts';

/** The pools that may stand in the way of a pool: those of its name, and those that share addresses with it. */
export function poolsInTheWay(pool: SpiderIPPool, pools: Iterable<SpiderIPPool>): SpiderIPPool[] {
  const { usable } = networkFacts(pool.spec);
  return Array.from(pools).filter(
    (other) =>
      other.metadata.name === pool.metadata.name ||
      isCrossing(pool.spec, other.spec) ||
      (usable !== undefined &&
        isSameNetwork(pool.spec, other.spec) &&
        sharedAddresses(usable, other.spec) !== undefined),
  );
}

/** The subnets that may stand in the way of a subnet: those of its name, and those whose networks share addresses with its own. */
export function subnetsInTheWay(subnet: SpiderSubnet, subnets: Iterable<SpiderSubnet>): SpiderSubnet[] {
  const own = networkFacts(subnet.spec).subnet;
  return Array.from(subnets).filter((other) => {
    if (other.metadata.name === subnet.metadata.name) return true;
    const network = networkFacts(other.spec).subnet;
    return own !== undefined && network !== undefined && cidrsOverlap(own, network);
  });
}

/** The pools that may stand in the way of a subnet: those that have addresses of its network which it does not distribute. */
export function poolsOutside(subnet: SpiderSubnet, pools: Iterable<SpiderIPPool>): SpiderIPPool[] {
  const { usable } = networkFacts(subnet.spec);
  return Array.from(pools).filter(({ spec }) => {
    if (isCrossing(subnet.spec, spec)) return true;
    if (!isSameNetwork(subnet.spec, spec)) return false;
    const outside = addedAddresses(usable, networkFacts(spec).usable);
    return outside !== undefined && !outside.isEmpty;
  });
}
