import { isObject } from '../../api/decode.ts';
import { quote } from '../../api/quote.ts';
import { MalformedObjectError } from './malformed-object.ts';

/** Which ordinals a StatefulSet has: from `start`, `replicas` of them. */
export interface Ordinals {
  readonly start: number;
  readonly replicas: number;
}

/**
 * Reads which pods a StatefulSet wants (`spec.replicas`, `spec.ordinals.start`). One that is being deleted wants them still.
 *
 * @throws MalformedObjectError when it is no StatefulSet of an API server
 */
export function parseOrdinals(object: unknown): Ordinals {
  const spec = isObject(object) ? object['spec'] : undefined;
  if (!isObject(spec)) throw new MalformedObjectError('a StatefulSet has no spec');
  const ordinals = spec['ordinals'];
  return {
    // The API server fills in 1.
    replicas: count(spec['replicas'] ?? 1),
    start: isObject(ordinals) ? count(ordinals['start'] ?? 0) : 0,
  };
}

/** Whether the set wants a pod of this ordinal. */
export function hasOrdinal({ start, replicas }: Ordinals, ordinal: bigint): boolean {
  return ordinal >= BigInt(start) && ordinal < BigInt(start) + BigInt(replicas);
}

function count(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new MalformedObjectError(`a StatefulSet counts ${quote(value)}`);
}
