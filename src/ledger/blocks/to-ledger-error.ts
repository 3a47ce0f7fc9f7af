import { KubeError } from '../../kube/kube-api.ts';
import { LedgerError } from '../errors.ts';

/** What a failed request to the API server means for the ledger; any other error comes back as it is. */
export function toLedgerError(error: unknown): unknown {
  if (!(error instanceof KubeError)) return error;
  return new LedgerError('LEDGER_IO', `the API server could not be used: ${error.message}`, { cause: error });
}

/** The answer to everything that is asked of a ledger that was closed. */
export function closedError(): LedgerError {
  return new LedgerError('LEDGER_CLOSED', 'the ledger is closed');
}
