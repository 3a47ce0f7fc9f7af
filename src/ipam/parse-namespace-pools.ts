import { namespaceAnnotations } from '../api/names.ts';
import { poolListLimits } from '../cni/parse-config.ts';
import type { Family } from '../ip/address.ts';
import { readAnnotation } from './annotation.ts';

/**
 * Reads a namespace's list of pools for one family; an empty list names none.
 *
 * @throws CniError with code 105
 */
export function parseNamespacePools(text: string, family: Family): readonly string[] {
  const kind = { title: `namespace annotation ${namespaceAnnotations[family]}`, example: '["pool-a"]' };
  return readAnnotation(kind, text).strings('', poolListLimits);
}
