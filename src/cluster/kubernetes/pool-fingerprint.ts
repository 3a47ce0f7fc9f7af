import { createHash } from 'node:crypto';
import type { Labels } from '../../ipam/facts.ts';
import type { ObjectMetadata } from './object-metadata.ts';

/**
 * What of a pool's metadata tells that it must be read again, in a few bytes: everything but what a write of its status
 * changes. Annotations can hold the whole manifest, so they are not kept.
 */
export function poolFingerprint({ uid, generation, deleting, labels, annotations }: ObjectMetadata): string {
  const parts = [uid, generation ?? '', deleting, sorted(labels), sorted(annotations)];
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64');
}

function sorted(texts: Labels): readonly (readonly [string, string])[] {
  return Object.entries(texts).toSorted(([a], [b]) => (a < b ? -1 : 1));
}
