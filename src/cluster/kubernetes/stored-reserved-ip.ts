import { parseReservedIp } from '../../api/parse-resource.ts';
import { defaultReservedIp } from '../../api/reserved-ip-defaults.ts';
import { validateReservedIp } from '../../api/reserved-ip-validation.ts';
import type { SpiderReservedIP } from '../../api/resources.ts';
import type { Family } from '../../ip/address.ts';
import { parseRange } from '../../ip/range.ts';
import { MalformedObjectError } from './malformed-object.ts';
import { bothFamilies, errorsText } from './stored-pool.ts';

/** A SpiderReservedIP as far as it can be used. */
export interface StoredReservedIp {
  readonly name: string;
  readonly resource: SpiderReservedIP;
  /** What is wrong with it. */
  readonly problem?: string;
}

/**
 * Reads a SpiderReservedIP of the API server as admission would have left it. Of one that is not valid all entries count that
 * can be read: what somebody wanted to reserve must not be handed out for the sake of another entry.
 *
 * @throws MalformedObjectError when it has not the shape of one
 */
export function readStoredReservedIp(object: unknown): StoredReservedIp {
  const outcome = parseReservedIp(object);
  if (!outcome.ok) throw new MalformedObjectError(`a SpiderReservedIP: ${errorsText(outcome.errors)}`);
  const { name } = outcome.resource.metadata;
  const reserved = defaultReservedIp(withFamily(outcome.resource));
  const errors = validateReservedIp(reserved, bothFamilies);
  if (errors.length === 0) return { name, resource: stripped(reserved) };
  const readable = defaultReservedIp(readableOf(reserved));
  return { name, resource: stripped(readable), problem: errorsText(errors) };
}

/** Defaulting leaves one that is being deleted as it is, but it reserves until it is gone. */
function withFamily(reserved: SpiderReservedIP): SpiderReservedIP {
  const { deletionTimestamp: _deleting, ...metadata } = reserved.metadata;
  return { ...reserved, metadata };
}

/** With the entries alone that are ranges of its family, the family of the first one where it names none. */
function readableOf(reserved: SpiderReservedIP): SpiderReservedIP {
  const { ips = [], ipVersion } = reserved.spec;
  const family = ipVersion ?? bothFamilies.find((one) => ips.some((text) => isOf(one, text)));
  if (family === undefined) return { ...reserved, spec: {} };
  return { ...reserved, spec: { ipVersion: family, ips: ips.filter((text) => isOf(family, text)) } };
}

/** Nothing but what it reserves is asked for. */
function stripped({ metadata, ...rest }: SpiderReservedIP): SpiderReservedIP {
  return { ...rest, metadata: { name: metadata.name } };
}

function isOf(family: Family, text: string): boolean {
  return parseRange(family, text).ok;
}
