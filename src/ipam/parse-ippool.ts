import { podAnnotations } from '../api/names.ts';
import type { FieldReader } from '../cni/field-reader.ts';
import { poolListLimits } from '../cni/parse-config.ts';
import { quoteText } from '../cni/sanitize-text.ts';
import { type AnnotationKind, annotationError, readAnnotation } from './annotation.ts';
import type { PoolLists } from './request.ts';

const kind: AnnotationKind = {
  title: `pod annotation ${podAnnotations.ippool}`,
  example: '{"ipv4":["pool-a"],"ipv6":["pool-b"]}',
};

/**
 * Reads the pod annotation `ippool`: pools for whichever NIC is being added.
 *
 * @throws CniError with code 105, also when it names no pool
 */
export function parseIppool(text: string): PoolLists {
  const value = readAnnotation(kind, text).object('');
  const pools = value && readPoolLists(value);
  if (pools === undefined) throw annotationError(kind, `names no pool: ${quoteText(text)}`);
  return pools;
}

/**
 * The lists `ipv4` and `ipv6` of an object; undefined when both are empty or missing.
 *
 * @throws CniError as the reader makes it
 */
export function readPoolLists(reader: FieldReader): PoolLists | undefined {
  const pools = { 4: reader.strings('ipv4', poolListLimits), 6: reader.strings('ipv6', poolListLimits) };
  return pools[4].length === 0 && pools[6].length === 0 ? undefined : pools;
}
