import type { Route } from '../cni/result.ts';
import { type Cidr, cidrContains } from '../ip/cidr.ts';

/** Where the routes of a pod go. */
export interface AssignedRoutes {
  /** For each address, in the order of the subnets, its routes in the order of the annotation. */
  readonly ofAddress: readonly (readonly Route[])[];
  /** Routes whose gateway lies in none of the subnets; they are given to no NIC. */
  readonly leftOver: readonly Route[];
}

/**
 * Gives each route to the first address whose subnet holds its gateway.
 *
 * @param subnets the subnet of each address of one ADD
 */
export function assignCustomRoutes(routes: readonly Route[], subnets: readonly Cidr[]): AssignedRoutes {
  const ofAddress = subnets.map((): Route[] => []);
  const leftOver: Route[] = [];
  for (const route of routes) {
    const place = subnets.findIndex((subnet) => cidrContains(subnet, route.gateway));
    (ofAddress[place] ?? leftOver).push(route);
  }
  return { ofAddress, leftOver };
}
