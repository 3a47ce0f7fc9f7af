import { CniError } from '../cni/error.ts';

/** What a reader gives, or the CniError that it throws as a value; anything else that it throws is a defect and goes on. */
export function orCniError<T>(read: () => T): T | CniError {
  try {
    return read();
  } catch (error) {
    if (error instanceof CniError) return error;
    throw error;
  }
}
