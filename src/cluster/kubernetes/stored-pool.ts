import { isObject } from '../../api/decode.ts';
import type { FieldError } from '../../api/field-error.ts';
import { InvariantError } from '../../api/invariant-error.ts';
import { parsePool } from '../../api/parse-resource.ts';
import { defaultPool } from '../../api/pool-defaults.ts';
import { validatePool } from '../../api/pool-validation.ts';
import type { Family } from '../../ip/address.ts';
import { compilePool } from '../../ipam/compile-pool.ts';
import type { Pool } from '../../ipam/pool.ts';

/** What is switched off by the configuration is left out where addresses are chosen. */
export const bothFamilies: readonly Family[] = [4, 6];

/** Errors of one object that are told; who made more starts with these. */
const toldErrorsMax = 3;

/** A pool as the decisions use it, or why they can't. */
export type StoredPool =
  | { readonly pool: Pool; readonly problem?: undefined }
  | { readonly pool?: undefined; readonly problem: string };

/** Reads a SpiderIPPool of the API server as admission would have left it. What is not valid is not used. Pure. */
export function readStoredPool(object: unknown): StoredPool {
  const outcome = parsePool(withoutCounts(object));
  if (!outcome.ok) return { problem: errorsText(outcome.errors) };
  const pool = defaultPool(outcome.resource);
  const errors = validatePool(pool, bothFamilies);
  if (errors.length > 0) return { problem: errorsText(errors) };
  try {
    return { pool: compilePool(pool) };
  } catch (error) {
    // A defect of ours in one pool must not take the others away.
    if (error instanceof InvariantError) return { problem: error.message };
    throw error;
  }
}

/** Errors of one object in a line. */
export function errorsText(errors: readonly FieldError[]): string {
  const told = errors.slice(0, toldErrorsMax).map(({ path, message }) => `${path}: ${message}`);
  const untold = errors.length - told.length;
  return [...told, ...(untold > 0 ? [`${untold} more errors`] : [])].join('; ');
}

/** The counts of a large pool do not survive as numbers, and nobody here asks for them. */
function withoutCounts(object: unknown): unknown {
  if (!isObject(object)) return object;
  const { status, ...rest } = object;
  const records = isObject(status) ? status['allocatedIPs'] : undefined;
  return records === undefined ? rest : { ...rest, status: { allocatedIPs: records } };
}
