import type { NodeView } from '../cluster/kubernetes/node-view.ts';
import type { PodLife } from '../cluster/kubernetes/pod-life.ts';
import { deathOf, isFinished, isPodUid } from '../cluster/kubernetes/pod-view.ts';
import { type StaticWorkloads, staticOwnerOf } from '../cluster/kubernetes/static-owner.ts';
import type { AllocationRecord, Holder } from '../ledger/record.ts';

/** Why a holder may have to go. */
export type HolderReason =
  /** No pod of the name, or one with another UID. */
  | 'pod-gone'
  /** All its containers have ended, and it is not started again. */
  | 'pod-finished'
  /** Its deletion was asked for, and its grace is over. */
  | 'pod-ending'
  /** It runs and shows no address. */
  | 'pod-without-address'
  /** Its pod is gone, finished or ending; its namespace was seen to live on, and its node does not tell of it any more. */
  | 'node-silent'
  /** It names no pod, and its node does not exist any more. */
  | 'node-gone';

/** What is found of a holder at one look. */
export interface HolderFinding {
  readonly reason: HolderReason;
  /** How long it must have been so before the holder may go, in milliseconds. */
  readonly waitMs: number;
  /** Whether the address may still answer on the wire. */
  readonly suspect: boolean;
}

/** What decides about holders. */
export interface CollectionRules extends StaticWorkloads {
  readonly onReadyNodes: boolean;
  readonly onNotReadyNodes: boolean;
  readonly runningWithoutAddress: boolean;
  /** Added to every wait, in milliseconds. */
  readonly additionalGraceMs: number;
  /** How long its agent gets to free a holder before anybody else does, in milliseconds. */
  readonly goneMs: number;
  /** How long a running pod may show no address, in milliseconds. */
  readonly withoutAddressMs: number;
}

/** The pod of a holder's name and the node of a holder, of one reading; undefined what does not exist. */
export interface HolderFacts {
  readonly pod: PodLife | undefined;
  readonly node: NodeView | undefined;
}

/**
 * Whether a holder may have to go, and after what time. Undefined for what lives, for what a switch keeps, and for what its agent sees
 * better: a holder whose namespace outlives its pod, while its node is Ready.
 */
export function findingOf(
  record: Pick<AllocationRecord, 'owner'>,
  holder: Holder,
  facts: HolderFacts,
  rules: CollectionRules,
): HolderFinding | undefined {
  const { node } = facts;
  const { additionalGraceMs, goneMs } = rules;
  const waitMs = goneMs + additionalGraceMs;
  if (holder.pod.name === '') {
    const isNodeGone = holder.node !== '' && node === undefined;
    return isNodeGone ? { reason: 'node-gone', waitMs, suspect: true } : undefined;
  }
  const state = stateOf(record, holder, facts, rules);
  if (state === undefined) return undefined;
  // An operator's word that nothing runs there holds only as long as the node itself says nothing else.
  if (isShutDown(node)) return { reason: state.reason, waitMs: additionalGraceMs, suspect: false };
  const finding = { ...state, waitMs: state.waitMs + additionalGraceMs, suspect: true };
  if (holder.outlivesPod !== true) return finding;
  return isReady(node) ? undefined : { ...finding, reason: 'node-silent' };
}

/** Whether a node is there and says that it works. */
export function isReady(node: NodeView | undefined): boolean {
  return node?.isReady === true;
}

/** Whether nothing runs on a node for certain. */
export function isShutDown(node: NodeView | undefined): boolean {
  return node?.isOutOfService === true && !node.isReady;
}

/** What is found of a holder that names a pod; undefined while the pod lives. */
function stateOf(
  { owner }: Pick<AllocationRecord, 'owner'>,
  { uid }: Holder,
  { pod, node }: HolderFacts,
  rules: CollectionRules,
): Pick<HolderFinding, 'reason' | 'waitMs'> | undefined {
  const { goneMs, withoutAddressMs } = rules;
  // Imported records, and those of runtimes that name no UID, go by the pod's name.
  if (pod === undefined || (uid !== '' && !isPodUid(pod, uid))) return { reason: 'pod-gone', waitMs: goneMs };
  const isSwitchedOn = isReady(node) ? rules.onReadyNodes : rules.onNotReadyNodes;
  if (hasEnded(pod)) return isSwitchedOn ? { reason: 'pod-finished', waitMs: goneMs } : undefined;
  // The kubelet starts a pod of its own files again whatever becomes of its mirror; a static workload's pod comes back as it was.
  const isStatic =
    pod.configHash !== undefined || owner !== undefined || staticOwnerOf(pod, rules) !== undefined;
  if (isStatic) return undefined;
  if (pod.deleting) {
    const graceMs = (pod.deletionGraceSeconds ?? 0) * 1_000;
    return isSwitchedOn ? { reason: 'pod-ending', waitMs: graceMs + goneMs } : undefined;
  }
  const hasNone = pod.phase === 'Running' && !pod.hasAddress && !pod.usesHostNetwork;
  return rules.runningWithoutAddress && hasNone
    ? { reason: 'pod-without-address', waitMs: withoutAddressMs }
    : undefined;
}

/**
 * Whether all containers of a pod have ended for good. A phase that says so is never left again (Kubernetes, "Pod lifecycle"), whatever
 * the restart policy: a node that shut down or made room leaves such pods. Only what the kubelet runs from its own files begins anew.
 */
function hasEnded(pod: PodLife): boolean {
  if (!isFinished(pod)) return false;
  return pod.configHash === undefined || (!pod.deleting && deathOf(pod) !== undefined);
}
