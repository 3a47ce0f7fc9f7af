import type { RequestFacts } from '../../src/cluster/cluster.ts';
import type { Claimant } from '../../src/ledger/ledger.ts';
import type { Holder } from '../../src/ledger/record.ts';
import type { AddRequest } from './attachment.ts';

/**
 * Who owns the addresses of an attachment: the pod, or the container where nothing names one (podman, nerdctl). The runtime's UID wins over
 * the cluster's: it has another one for a static pod.
 */
export function claimantOf(
  { attachment, network, netns }: AddRequest,
  { owner, uid }: Pick<RequestFacts, 'owner' | 'uid'>,
  node: string,
): Claimant {
  const { namespace = '', name = '' } = attachment.pod;
  const holder: Holder = {
    uid: attachment.pod.uid ?? uid ?? attachment.sandbox,
    sandbox: attachment.sandbox,
    node,
    pod: { namespace, name },
    ...(netns.path !== '' && { netns }),
  };
  return { holder, network, ...(owner && { owner }) };
}
