import type { DecodeReport, Decoder } from './decode.ts';
import { flag, isObject, listOf, objectOf, optional, required, scalar, text, textMap } from './decode.ts';
import type { FieldError, FieldWarning } from './field-error.ts';
import { fieldError } from './field-error.ts';
import type { LabelSelector, LabelSelectorRequirement } from './label-selector.ts';
import { isDnsSubdomain } from './label-syntax.ts';
import { quote } from './quote.ts';
import type {
  Condition,
  NetworkSpec,
  ObjectMeta,
  OwnerReference,
  RouteSpec,
  SpiderIPPool,
  SpiderIPPoolSpec,
  SpiderIPPoolStatus,
  SpiderReservedIP,
  SpiderReservedIPSpec,
  SpiderSubnet,
  SpiderSubnetStatus,
} from './resources.ts';
import { apiVersion } from './resources.ts';

/** A resource of the right shape, or what is wrong with its shape. Warnings come with both. */
export type ParseOutcome<T> =
  | { readonly ok: true; readonly resource: T; readonly warnings: readonly FieldWarning[] }
  | {
      readonly ok: false;
      readonly errors: readonly FieldError[];
      readonly warnings: readonly FieldWarning[];
    };

/** How strictly a resource is read. */
export interface ParseResourceOptions {
  /**
   * Takes `metadata.generateName` instead of a name and leaves the name empty: at mutating admission the API server has
   * not made the name yet. @default false
   */
  readonly allowGeneratedName?: boolean;
}

/**
 * Reads a SpiderIPPool out of decoded JSON or YAML by the types of its CRD. Unknown fields are pruned with a warning. What the
 * values mean is `validatePool`'s business.
 */
export function parsePool(value: unknown, options: ParseResourceOptions = {}): ParseOutcome<SpiderIPPool> {
  return parse(value, poolDecoder, options);
}

/** Reads a SpiderSubnet; see `parsePool`. */
export function parseSubnet(value: unknown, options: ParseResourceOptions = {}): ParseOutcome<SpiderSubnet> {
  return parse(value, subnetDecoder, options);
}

/** Reads a SpiderReservedIP; see `parsePool`. */
export function parseReservedIp(
  value: unknown,
  options: ParseResourceOptions = {},
): ParseOutcome<SpiderReservedIP> {
  return parse(value, reservedIpDecoder, options);
}

const textList = listOf(text, 'write a list of texts');
const addressList = listOf(text, 'write a list, such as ["10.6.0.10-10.6.0.20", "10.6.0.30"]');

const ipVersion: Decoder<4 | 6> = (value, path, report) => {
  if (value === 4 || value === 6) return value;
  const message = `${quote(value)} is not an IP version: write 4 or 6, without quotes, or leave it out`;
  report.errors.push(fieldError('NotSupported', path, message));
  return undefined;
};

/** An int64 that may not be negative; beyond 2^53 it arrives as a bigint (`parseExactJson`). */
const count: Decoder<bigint> = (value, path, report) => {
  const isInteger = typeof value === 'bigint' || Number.isSafeInteger(value);
  if (isInteger && Number(value) >= 0) return BigInt(value as bigint | number);
  const message = `${quote(value)} is not a count: write an integer from 0 to 2^63 - 1`;
  report.errors.push(fieldError('TypeInvalid', path, message));
  return undefined;
};

const integer = scalar((value): value is number => Number.isSafeInteger(value), 'write an integer');

const routeDecoder = objectOf<RouteSpec>({
  dst: required(text, 'write the destination, such as "10.7.0.0/16"'),
  gw: required(text, "write the address of the route's gateway"),
});

const selectorDecoder = objectOf<LabelSelector>({
  matchLabels: optional(textMap),
  matchExpressions: optional(
    listOf(
      objectOf<LabelSelectorRequirement>({
        key: required(text, 'write the key of a label'),
        operator: required(text, 'write In, NotIn, Exists or DoesNotExist'),
        values: optional(textList),
      }),
      'write a list of requirements with key, operator and values',
    ),
  ),
});

const networkFields = {
  ipVersion: optional(ipVersion),
  subnet: required(text, 'write the CIDR of the network, such as "10.6.0.0/16"'),
  ips: optional(addressList),
  excludeIPs: optional(addressList),
  gateway: optional(text),
  routes: optional(listOf(routeDecoder, 'write a list of routes with dst and gw')),
};

const poolSpecDecoder = objectOf<SpiderIPPoolSpec>({
  ...networkFields,
  podAffinity: optional(selectorDecoder),
  namespaceAffinity: optional(selectorDecoder),
  nodeAffinity: optional(selectorDecoder),
  namespaceName: optional(textList),
  nodeName: optional(textList),
  multusName: optional(textList),
  default: optional(flag),
  disable: optional(flag),
});

const conditionDecoder = objectOf<Condition>({
  type: required(text, 'write what it tells of'),
  status: required(
    scalar(
      (value) => value === 'True' || value === 'False' || value === 'Unknown',
      'write "True", "False" or "Unknown"',
    ),
    'write "True", "False" or "Unknown"',
  ),
  reason: required(text, 'write why, in a word'),
  message: required(text, 'write why, in words'),
  lastTransitionTime: required(text, 'write a time'),
  observedGeneration: optional(integer),
});

const statusDecoder = objectOf<SpiderIPPoolStatus>({
  allocatedIPs: optional(text),
  totalIPCount: optional(count),
  allocatedIPCount: optional(count),
  freeIPCount: optional(count),
  coolingIPCount: optional(count),
  suspectIPCount: optional(count),
  reservedIPCount: optional(count),
  conditions: optional(listOf(conditionDecoder, 'write a list of conditions')),
});

const ownerReferenceDecoder = objectOf<OwnerReference>({
  apiVersion: required(text, "write the owner's apiVersion"),
  kind: required(text, "write the owner's kind"),
  name: required(text, "write the owner's name"),
  uid: required(text, "write the owner's uid"),
  controller: optional(flag),
  blockOwnerDeletion: optional(flag),
});

const name: Decoder<string> = (value, path, report) => {
  const decoded = text(value, path, report);
  if (decoded === undefined || isDnsSubdomain(decoded)) return decoded;
  const message = `${quote(decoded)} is not a name: write at most 253 small letters, digits, "-" or ".", a letter or digit first and last`;
  report.errors.push(fieldError('Invalid', path, message));
  return undefined;
};

const metadataDecoder = objectOf<ObjectMeta>(
  {
    name: required(name, 'write a name'),
    uid: optional(text),
    resourceVersion: optional(text),
    generation: optional(integer),
    labels: optional(textMap),
    annotations: optional(textMap),
    finalizers: optional(textList),
    ownerReferences: optional(listOf(ownerReferenceDecoder, 'write a list of owners')),
    creationTimestamp: optional(text),
    deletionTimestamp: optional(text),
  },
  { ignored: ['generateName', 'namespace', 'managedFields', 'selfLink', 'deletionGracePeriodSeconds'] },
);

function word<const T extends string>(expected: T): Decoder<T> {
  return (value, path, report) => {
    if (value === expected) return expected;
    const message = `${quote(value)} is not supported here: write ${quote(expected)}`;
    report.errors.push(fieldError('NotSupported', path, message));
    return undefined;
  };
}

const versionField = required(word(apiVersion), `write ${apiVersion}`);
const metadataField = required(metadataDecoder, 'write an object with a name');

const poolDecoder = objectOf<SpiderIPPool>({
  apiVersion: versionField,
  kind: required(word('SpiderIPPool'), 'write SpiderIPPool'),
  metadata: metadataField,
  spec: required(poolSpecDecoder, 'write an object with a subnet'),
  status: optional(statusDecoder),
});

const subnetDecoder = objectOf<SpiderSubnet>({
  apiVersion: versionField,
  kind: required(word('SpiderSubnet'), 'write SpiderSubnet'),
  metadata: metadataField,
  spec: required(objectOf<NetworkSpec>(networkFields), 'write an object with a subnet'),
  status: optional(
    objectOf<SpiderSubnetStatus>({
      controlledIPPools: optional(text),
      totalIPCount: optional(count),
      allocatedIPCount: optional(count),
    }),
  ),
});

const reservedIpDecoder = objectOf<SpiderReservedIP>({
  apiVersion: versionField,
  kind: required(word('SpiderReservedIP'), 'write SpiderReservedIP'),
  metadata: metadataField,
  spec: required(
    objectOf<SpiderReservedIPSpec>({ ipVersion: optional(ipVersion), ips: optional(addressList) }),
    'write an object with ips',
  ),
});

function parse<T extends { readonly metadata: ObjectMeta }>(
  value: unknown,
  decode: Decoder<T>,
  options: ParseResourceOptions,
): ParseOutcome<T> {
  const report: DecodeReport = { errors: [], warnings: [] };
  const generated = options.allowGeneratedName === true && hasGeneratedName(value);
  const decoded = decode(value, '', report);
  const errors = generated ? report.errors.filter((error) => error.path !== 'metadata.name') : report.errors;
  if (decoded === undefined || errors.length > 0) return { ok: false, errors, warnings: report.warnings };
  const resource = generated ? { ...decoded, metadata: { ...decoded.metadata, name: '' } } : decoded;
  return { ok: true, resource, warnings: report.warnings };
}

function hasGeneratedName(value: unknown): boolean {
  if (!isObject(value) || !isObject(value['metadata'])) return false;
  const { name: given, generateName } = value['metadata'];
  return (given === undefined || given === null || given === '') && typeof generateName === 'string';
}
