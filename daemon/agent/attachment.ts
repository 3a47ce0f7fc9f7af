import type { PodReference } from '../../src/cluster/cluster.ts';
import type { NicRequest } from '../../src/ipam/request.ts';
import type { AllocationRecord, Holder, NetworkNamespace } from '../../src/ledger/record.ts';

/** One attachment of a sandbox to a network, as the runtime named it. All texts were checked at the door. */
export interface Attachment {
  /** CNI_CONTAINERID. */
  readonly sandbox: string;
  /** CNI_IFNAME. */
  readonly nic: string;
  /** Pod of the sandbox; empty without an orchestrator. */
  readonly pod: PodReference;
}

/** What an ADD asks for. */
export interface AddRequest {
  readonly attachment: Attachment;
  /** Name of the CNI network; empty where the caller does not tell it. */
  readonly network: string;
  readonly netns: NetworkNamespace;
  readonly nicRequest: NicRequest;
}

/** The key under which work on one attachment is done one after the other. */
export function attachmentKey({ sandbox, nic }: Pick<Attachment, 'sandbox' | 'nic'>): string {
  return `${sandbox}\0${nic}`;
}

/** The key of the attachment that a holder of a record is. */
export function holderKey({ nic }: AllocationRecord, { sandbox }: Holder): string {
  return attachmentKey({ sandbox, nic });
}
