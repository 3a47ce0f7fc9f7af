import type { Address } from '../ip/address.ts';
import { familyOf } from '../ip/address.ts';
import { CniCode, CniError } from './error.ts';
import { FieldReader, isJsonObject } from './field-reader.ts';
import type { Attachment, NetworkConfig } from './network-config.ts';
import { parseLogSettings, parseSocketPath } from './plugin-settings.ts';
import { parseRequestedAddress, requestedMax, requestedTextMax } from './requested-address.ts';
import { quoteText } from './sanitize-text.ts';
import { storedTextMax, storedTextProblem } from './stored-text.ts';
import { parseCniVersion } from './version.ts';

/** Pools in one list at most. An ADD asks each of them; nobody needs more. */
export const poolsMax = 64;

/** Limits of a list of pool names and patterns, wherever it is written. */
export const poolListLimits = { countMax: poolsMax, lengthMax: storedTextMax.poolName } as const;

/** Attachments of one network on one node; a kubelet runs some hundred pods, 1 MiB of stdin holds about 10,000. */
export const attachmentsMax = 10_000;

/** CNI 1.1.0, section "Network configuration objects": names start alphanumeric. */
const networkName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;

/**
 * Checks the configuration that a runtime gave on stdin and applies defaults.
 * @throws {CniError} 6 when it is no JSON object, 1 for an unsupported `cniVersion`, 7 for everything else, 104 when two
 * addresses of one family are asked for
 */
export function parseNetworkConfig(config: unknown): NetworkConfig {
  if (!isJsonObject(config)) {
    throw new CniError(
      CniCode.decodingFailure,
      'the network config on stdin must be a JSON object with "cniVersion", "name" and "ipam"',
    );
  }
  const root = new FieldReader(config, '');
  const name = parseNetworkName(root);
  const cniVersion = parseCniVersion(root.string('cniVersion'));
  const ipam = root.object('ipam') ?? new FieldReader({}, 'ipam');
  // The plugin's own keys are checked here too: a typing error is to be seen at the first ADD.
  parseSocketPath(config);
  parseLogSettings(config);
  return {
    cniVersion,
    name,
    defaultIPv4Pools: ipam.strings('default_ipv4_ippool', poolListLimits),
    defaultIPv6Pools: ipam.strings('default_ipv6_ippool', poolListLimits),
    cleanGateway: ipam.boolean('clean_gateway') ?? false,
    matchMasterSubnet: ipam.boolean('match_master_subnet') ?? false,
    requestedAddresses: parseRequestedAddresses(root),
    validAttachments: parseValidAttachments(root),
    prevResult: root.raw('prevResult'),
  };
}

/**
 * The network's name, checked.
 * @throws {CniError} 7
 */
export function parseNetworkName(root: FieldReader): string {
  const name = root.string('name');
  if (name === undefined || name === '') {
    throw root.invalid('name', 'is missing: give the network a name, such as "macvlan-vlan0"');
  }
  if (!networkName.test(name)) {
    throw root.invalid(
      'name',
      'must start with a letter or digit, and have only letters, digits, _ . - after it',
      quoteText(name),
    );
  }
  const problem = storedTextProblem(name, storedTextMax.network);
  if (problem !== undefined) throw root.invalid('name', problem);
  return name;
}

/** CNI conventions: `runtimeConfig.ips` (capability "ips") goes before `args.cni.ips`. */
function parseRequestedAddresses(root: FieldReader): readonly Address[] {
  const sources = [root.object('runtimeConfig'), root.object('args')?.object('cni')];
  for (const source of sources) {
    const texts = source?.strings('ips', { countMax: requestedMax, lengthMax: requestedTextMax }) ?? [];
    if (source !== undefined && texts.length > 0) return parseAddresses(source, texts);
  }
  return [];
}

function parseAddresses(source: FieldReader, texts: readonly string[]): readonly Address[] {
  const addresses = texts.map((text, index) => {
    const address = parseRequestedAddress(text);
    if (address !== undefined) return address;
    throw source.invalid(
      `ips[${index}]`,
      `must be an IP address, such as "10.6.0.9" or "10.6.0.9/24", but is ${quoteText(text)}`,
    );
  });
  if (new Set(addresses.map(familyOf)).size < addresses.length) {
    throw new CniError(
      CniCode.requestedAddressRefused,
      `${source.pathOf('ips')} asks for more than one address of a family; a NIC gets one of each`,
    );
  }
  return addresses;
}

/** CNI 1.1.0, section "GC": attachments that must stay. */
function parseValidAttachments(root: FieldReader): readonly Attachment[] | undefined {
  const key = 'cni.dev/valid-attachments';
  if (root.raw(key) === undefined) return undefined;
  return root.objects(key, attachmentsMax).map((entry) => {
    const containerId = entry.string('containerID') ?? '';
    const ifName = entry.string('ifname') ?? '';
    if (containerId === '') throw entry.invalid('containerID', 'is missing');
    if (ifName === '') throw entry.invalid('ifname', 'is missing');
    return { containerId, ifName };
  });
}
