import { isObject } from '../api/decode.ts';

/** What is read of a Lease (coordination.k8s.io/v1). */
export interface Lease {
  readonly resourceVersion: string;
  /** Empty when nobody holds it. */
  readonly holder: string;
  readonly durationSeconds: number;
  /** How often it went from one holder to another. */
  readonly transitions: number;
  /** As the holder wrote them; compared, never read as times: the holder's clock is not ours. */
  readonly renewTime: string;
  readonly acquireTime: string;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Reads a Lease. What is missing or of another type counts as empty: somebody else's mistake must not end the election. */
export function parseLease(object: unknown): Lease {
  const { metadata, spec } = fieldsOf(object);
  const { resourceVersion, annotations } = fieldsOf(metadata);
  const { holderIdentity, leaseDurationSeconds, leaseTransitions, renewTime, acquireTime } = fieldsOf(spec);
  const texts = Object.entries(fieldsOf(annotations)).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return {
    resourceVersion: textOf(resourceVersion),
    holder: textOf(holderIdentity),
    durationSeconds: typeof leaseDurationSeconds === 'number' ? leaseDurationSeconds : 0,
    transitions: typeof leaseTransitions === 'number' ? leaseTransitions : 0,
    renewTime: textOf(renewTime),
    acquireTime: textOf(acquireTime),
    annotations: Object.fromEntries(texts),
  };
}

/** A time as a Lease carries it (Kubernetes' MicroTime). */
export function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return isObject(value) ? value : {};
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
