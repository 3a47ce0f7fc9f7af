import type { Address } from '../ip/address.ts';
import { formatAddress, parseAddress } from '../ip/address.ts';
import { CniCode, CniError } from './error.ts';
import { isJsonObject, type JsonObject } from './field-reader.ts';
import { quoteText } from './sanitize-text.ts';

/** Entries of a result that are looked at; a NIC has two addresses, a pod 32 NICs. */
const entriesMax = 1024;

/** What the record says of the NIC that CHECK is about. */
export interface RecordedNic {
  readonly nic: string;
  readonly addresses: readonly Address[];
}

/**
 * Compares the result that the runtime kept (`prevResult`, of any CNI version) with the record, for CHECK. Only
 * addresses are compared: routes and gateways may be changed by later plugins of the chain, and pools may be edited.
 * @returns what differs, in words; empty when all is well
 * @throws {CniError} code 7 when there is no usable `prevResult`
 */
export function resultDifferences(prevResult: unknown, recorded: RecordedNic): readonly string[] {
  if (!isJsonObject(prevResult)) {
    throw new CniError(
      CniCode.invalidConfig,
      'CHECK needs prevResult, the result of ADD, in the network config, as an object',
    );
  }
  const listed = new Set(addressesOf(prevResult, recorded.nic));
  const held = new Set(recorded.addresses);
  if (held.size === 0) return [`${quoteText(recorded.nic)} has no record of an address`];
  return [
    ...[...listed]
      .filter((address) => !held.has(address))
      .map((address) => `prevResult has ${formatAddress(address)}, which is not recorded for this NIC`),
    ...[...held]
      .filter((address) => !listed.has(address))
      .map(
        (address) => `${formatAddress(address)} is recorded for this NIC, but prevResult does not have it`,
      ),
  ];
}

/** The addresses that a result gives to this NIC: those of its interface, and those that name no interface. */
function addressesOf(result: JsonObject, nic: string): readonly Address[] {
  const interfaces = entriesOf(result['interfaces'], 'interfaces');
  const texts = entriesOf(result['ips'], 'ips')
    .filter((entry) => {
      const index = entry['interface'];
      if (typeof index !== 'number') return true;
      return interfaces[index] === undefined || interfaces[index]['name'] === nic;
    })
    .map((entry) => entry['address']);
  const old = [result['ip4'], result['ip6']].filter(isJsonObject).map((entry) => entry['ip']);
  return [...texts, ...old].map(parsePrefixed);
}

function entriesOf(value: unknown, key: string): readonly JsonObject[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value) && value.length <= entriesMax && value.every(isJsonObject)) return value;
  throw new CniError(
    CniCode.invalidConfig,
    `prevResult.${key} must be an array of at most ${entriesMax} objects`,
  );
}

function parsePrefixed(value: unknown): Address {
  const address = typeof value === 'string' ? parseAddress(value.split('/', 1)[0] ?? '') : undefined;
  if (address !== undefined) return address;
  throw new CniError(
    CniCode.invalidConfig,
    `prevResult has ${typeof value === 'string' ? quoteText(value) : 'no text'} where an address is expected`,
  );
}
