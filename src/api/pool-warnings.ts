import { formatAddress } from '../ip/address.ts';
import type { Cidr } from '../ip/cidr.ts';
import { cidrRange, parseCidr } from '../ip/cidr.ts';
import type { FieldWarning } from './field-error.ts';
import { indexPath } from './field-path.ts';
import { isDnsSubdomain } from './label-syntax.ts';
import { usableAddresses } from './network-facts.ts';
import { quote } from './quote.ts';
import type { SpiderIPPool } from './resources.ts';

/** The longest prefixes whose first address (and last, for IPv4) has a meaning of its own: RFC 3021, RFC 6164. */
const specialPrefixLengthMax = { 4: 30, 6: 126 } as const;

/**
 * What is legal in a valid pool, because the original accepts it, but hardly what its writer meant: addresses that hosts can't
 * use, names that match nothing, a pool without addresses.
 */
export function poolWarnings(pool: SpiderIPPool): FieldWarning[] {
  const subnet = parseCidr(pool.spec.subnet);
  const { nodeName, namespaceName, multusName } = pool.spec;
  return [
    ...(subnet ? addressWarnings(pool, subnet) : []),
    ...nameWarnings(nodeName, 'spec.nodeName', isDnsSubdomain),
    ...nameWarnings(namespaceName, 'spec.namespaceName', isDnsSubdomain),
    ...nameWarnings(multusName, 'spec.multusName', isNamespacedName),
  ];
}

function addressWarnings(pool: SpiderIPPool, subnet: Cidr): FieldWarning[] {
  const usable = usableAddresses(pool.spec);
  if (usable === undefined || usable.isEmpty) {
    return [{ path: 'spec.ips', message: 'the pool has no address to hand out: write some in ips' }];
  }
  if (subnet.prefixLength > specialPrefixLengthMax[subnet.family]) return [];
  const { start, end } = cidrRange(subnet);
  const special =
    subnet.family === 4
      ? [
          { address: start, role: 'the network address' },
          { address: end, role: 'the broadcast address' },
        ]
      : [{ address: start, role: "the routers' anycast address" }];
  return special
    .filter(({ address }) => usable.contains(address))
    .map(({ address, role }) => ({
      path: 'spec.ips',
      message: `${formatAddress(address)} is ${role} of the subnet, no pod can use it: add it to excludeIPs`,
    }));
}

function nameWarnings(
  names: readonly string[] | undefined,
  path: string,
  isName: (text: string) => boolean,
): FieldWarning[] {
  return (names ?? []).flatMap((name, index) =>
    isName(name)
      ? []
      : [
          {
            path: indexPath(path, index),
            message: `${quote(name)} is no name of an object, so it matches nothing`,
          },
        ],
  );
}

/** `name` or `namespace/name`. */
function isNamespacedName(text: string): boolean {
  const parts = text.split('/');
  return parts.length <= 2 && parts.every(isDnsSubdomain);
}
