import { CniCode, CniError } from './error.ts';
import { sanitizeText } from './sanitize-text.ts';
import { latestCniVersion } from './version.ts';

/** An error as the CNI specification 1.1.0 (section "Error") prints it. */
export interface CniErrorObject {
  readonly cniVersion: string;
  readonly code: number;
  readonly msg: string;
  readonly details?: string;
}

/**
 * The error object of anything that was thrown; what is not a CniError is a defect and gets code 999. Texts are sanitized.
 * @param cniVersion the configured version. @default the newest
 */
export function errorObject(error: unknown, cniVersion: string = latestCniVersion): CniErrorObject {
  if (!(error instanceof CniError)) {
    const text = error instanceof Error ? error.message : String(error);
    return { cniVersion, code: CniCode.internal, msg: sanitizeText(`internal error: ${text}`) };
  }
  return {
    cniVersion,
    code: error.code,
    msg: sanitizeText(error.message),
    ...(error.details !== undefined && { details: sanitizeText(error.details) }),
  };
}
