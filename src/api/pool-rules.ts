import type { Family } from '../ip/address.ts';
import { parseAddressOf } from '../ip/address.ts';
import type { Cidr } from '../ip/cidr.ts';
import { cidrContains, formatCidr, parseCidr } from '../ip/cidr.ts';
import type { FieldError } from './field-error.ts';
import { fieldError } from './field-error.ts';
import { indexPath, keyPath } from './field-path.ts';
import type { LabelSelector } from './label-selector.ts';
import { isEmptyLabelSelector, validateLabelSelector } from './label-selector.ts';
import { applicationAffinityKeys, ownerApplicationNameLabel } from './names.ts';
import { quote } from './quote.ts';
import { outsideSubnet, readableRanges, validateDisjoint, validateRangeTexts } from './range-lists.ts';
import type { NetworkSpec, RouteSpec, SpiderIPPool } from './resources.ts';

const exampleSubnets: Readonly<Record<Family, string>> = { 4: '"10.6.0.0/16"', 6: '"fd00:10:6::/64"' };

/** Checks that a family is named and switched on. The same rule holds for pools and reserved addresses. */
export function validateFamily(ipVersion: Family | undefined, families: readonly Family[]): FieldError[] {
  if (ipVersion === undefined) {
    const message = 'ipVersion is missing and does not follow from the addresses: write 4 or 6';
    return [fieldError('Required', 'spec.ipVersion', message)];
  }
  if (families.includes(ipVersion)) return [];
  const message = `IPv${ipVersion} is switched off: set enableIPv${ipVersion} to true in the configuration, or use the other family`;
  return [fieldError('Forbidden', 'spec.ipVersion', message)];
}

/** Checks that the subnet of a pool or a SpiderSubnet is a canonical CIDR of its family. */
export function validateSubnet(spec: NetworkSpec): FieldError[] {
  const subnet = parseCidr(spec.subnet);
  if (subnet === undefined) {
    const example = exampleSubnets[spec.ipVersion ?? 4];
    return badSubnet(
      `${quote(spec.subnet)} is not a subnet: write a network and a prefix length, such as ${example}`,
    );
  }
  if (spec.ipVersion !== undefined && subnet.family !== spec.ipVersion) {
    const example = exampleSubnets[spec.ipVersion];
    return badSubnet(
      `${quote(spec.subnet)} is IPv${subnet.family}, but ipVersion is ${spec.ipVersion}: write a subnet such as ${example}, or ipVersion ${subnet.family}`,
    );
  }
  const canonical = formatCidr(subnet);
  if (canonical === spec.subnet) return [];
  return badSubnet(
    `${quote(spec.subnet)} is not the canonical form of the subnet: write ${quote(canonical)}`,
  );
}

/** Checks everything of a pool or a SpiderSubnet that has to lie in its subnet: addresses, gateway, routes. */
export function validateAddresses(spec: NetworkSpec, subnet: Cidr): FieldError[] {
  return [
    ...validateRangeTexts(spec.ips, 'spec.ips', subnet.family, subnet),
    ...validateDisjoint(spec.ips, 'spec.ips', subnet.family),
    ...validateRangeTexts(spec.excludeIPs, 'spec.excludeIPs', subnet.family, subnet),
    ...validateGateway(spec, subnet),
    ...validateRoutes(spec.routes ?? [], subnet),
  ];
}

/** Checks the three label selectors; the one for pods must also say something. */
export function validateAffinities(pool: SpiderIPPool): FieldError[] {
  const { podAffinity, namespaceAffinity, nodeAffinity } = pool.spec;
  const errors: FieldError[] = [];
  if (podAffinity) errors.push(...validatePodAffinity(podAffinity, isAutoPool(pool)));
  if (namespaceAffinity) errors.push(...validateLabelSelector(namespaceAffinity, 'spec.namespaceAffinity'));
  if (nodeAffinity) errors.push(...validateLabelSelector(nodeAffinity, 'spec.nodeAffinity'));
  return errors;
}

function isAutoPool(pool: SpiderIPPool): boolean {
  return Object.hasOwn(pool.metadata.labels ?? {}, ownerApplicationNameLabel);
}

function validateGateway(spec: NetworkSpec, subnet: Cidr): FieldError[] {
  if (spec.gateway === undefined) return [];
  const problem = validateHop(spec.gateway, 'spec.gateway', subnet);
  if (problem) return [problem];
  const gateway = parseAddressOf(subnet.family, spec.gateway);
  if (gateway === undefined || !readableRanges(subnet.family, spec.ips).contains(gateway)) return [];
  if (readableRanges(subnet.family, spec.excludeIPs).contains(gateway)) return [];
  const message = `${quote(spec.gateway)} is one of the addresses in ips: add it to excludeIPs, so that no pod gets it`;
  return [fieldError('Invalid', 'spec.gateway', message)];
}

function validateRoutes(routes: readonly RouteSpec[], subnet: Cidr): FieldError[] {
  const errors: FieldError[] = [];
  const destinations = new Set<string>();
  for (const [index, route] of routes.entries()) {
    const path = indexPath('spec.routes', index);
    errors.push(...validateDestination(route.dst, keyPath(path, 'dst'), subnet.family, destinations));
    const problem = validateHop(route.gw, keyPath(path, 'gw'), subnet);
    if (problem) errors.push(problem);
  }
  return errors;
}

/** @param seen canonical destinations of the routes before; the new one is added */
function validateDestination(dst: string, path: string, family: Family, seen: Set<string>): FieldError[] {
  const destination = parseCidr(dst);
  if (destination?.family !== family) {
    const message = `${quote(dst)} is not an IPv${family} destination: write a network and a prefix length, such as ${exampleSubnets[family]}`;
    return [fieldError('Invalid', path, message)];
  }
  if (destination.prefixLength === 0) {
    const message = `${quote(dst)} is the default route: use gateway for it, and remove this route`;
    return [fieldError('Invalid', path, message)];
  }
  // Compared as networks: a kernel refuses the second route to one destination, however it is written.
  const canonical = formatCidr(destination);
  if (seen.has(canonical)) {
    return [
      fieldError('Duplicate', path, `${quote(dst)} has a route already: write one route to a destination`),
    ];
  }
  seen.add(canonical);
  return [];
}

function validateHop(text: string, path: string, subnet: Cidr): FieldError | undefined {
  const address = parseAddressOf(subnet.family, text);
  if (address === undefined) {
    const message = `${quote(text)} is not an IPv${subnet.family} address: write one of the subnet ${formatCidr(subnet)}`;
    return fieldError('Invalid', path, message);
  }
  if (cidrContains(subnet, address)) return undefined;
  return fieldError('Invalid', path, outsideSubnet(quote(text), subnet));
}

function validatePodAffinity(selector: LabelSelector, auto: boolean): FieldError[] {
  const path = 'spec.podAffinity';
  if (auto) return validateApplicationAffinity(selector, path);
  if (isEmptyLabelSelector(selector)) {
    const message =
      'podAffinity is empty: write matchLabels or matchExpressions, or remove it to serve all pods';
    return [fieldError('Invalid', path, message)];
  }
  return validateLabelSelector(selector, path);
}

/** The podAffinity of an auto pool names its application and nothing else: it is compared with the pod's top controller. */
function validateApplicationAffinity(selector: LabelSelector, path: string): FieldError[] {
  const errors = validateLabelSelector(selector, path);
  const labelsPath = keyPath(path, 'matchLabels');
  for (const key of Object.keys(selector.matchLabels ?? {})) {
    if (applicationAffinityKeys.some((known) => known === key)) continue;
    const message = `${quote(key)} is not a key for a pool of an application: write only ${applicationAffinityKeys.join(', ')}`;
    errors.push(fieldError('Invalid', keyPath(labelsPath, key), message));
  }
  if ((selector.matchExpressions ?? []).length > 0) {
    const message = 'a pool of an application takes no expressions: remove matchExpressions';
    errors.push(fieldError('Invalid', keyPath(path, 'matchExpressions'), message));
  }
  return errors;
}

function badSubnet(message: string): FieldError[] {
  return [fieldError('Invalid', 'spec.subnet', message)];
}
