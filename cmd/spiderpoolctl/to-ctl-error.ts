import { CniError } from '../../src/cni/error.ts';
import { ConfError } from '../../src/config/conf.ts';
import { KubeError } from '../../src/kube/kube-api.ts';
import { KubeconfigError } from '../../src/kube/kubeconfig-error.ts';
import { LedgerError } from '../../src/ledger/errors.ts';
import { CtlError } from './ctl-error.ts';

/** Which roles of `deploy/manifests` have the rights that a person needs. */
const rolesHint =
  'the ClusterRole spiderpool-viewer has the rights to look, spiderpool-operator those to collect and release';

/**
 * What an expected failure means to the person who waits; what is none comes back as it is.
 *
 * @param signal of the person: once it is aborted, everything that fails does so for that
 */
export function toCtlError(error: unknown, signal: AbortSignal): unknown {
  if (error instanceof CtlError) return error;
  if (signal.aborted) return new CtlError('CTL_INTERRUPTED', 'interrupted', { cause: error });
  const cause = error instanceof Error ? error.cause : undefined;
  if (error instanceof KubeError) return ofKube(error);
  // Underneath is what the API server said, in its own words.
  if ((error instanceof CniError || error instanceof LedgerError) && cause instanceof KubeError) {
    return ofKube(cause);
  }
  if (error instanceof CniError)
    return new CtlError('CTL_REFUSED', `${error.message} [code ${error.code}]`, { cause: error });
  if (error instanceof LedgerError) return new CtlError('CTL_CLUSTER_AWAY', error.message, { cause: error });
  if (error instanceof KubeconfigError || error instanceof ConfError) {
    return new CtlError('CTL_USAGE', error.message, { cause: error });
  }
  return error;
}

function ofKube(error: KubeError): CtlError {
  const { message, status, reason } = error;
  if (status === 403) {
    return new CtlError('CTL_REFUSED', `a right is missing: ${message}. In Kubernetes ${rolesHint}`, {
      cause: error,
    });
  }
  if (status === 401) {
    return new CtlError('CTL_REFUSED', `the API server does not take the credentials: ${message}`, {
      cause: error,
    });
  }
  if (status === 404 && reason !== 'NotFound') {
    return new CtlError('CTL_REFUSED', `${message}: is Spiderpool installed in this cluster?`, {
      cause: error,
    });
  }
  if (error.fate === 'refused' && status !== 429)
    return new CtlError('CTL_REFUSED', message, { cause: error });
  return new CtlError('CTL_CLUSTER_AWAY', `the API server can't be used now: ${message}`, { cause: error });
}
