import { isObject } from '../../api/decode.ts';
import { configHashAnnotation, multusAnnotations, podAnnotations } from '../../api/names.ts';
import type { Labels } from '../../ipam/facts.ts';
import { boundedLabels, pickAnnotations } from './bounded-labels.ts';
import { MalformedObjectError } from './malformed-object.ts';
import { type ControllerReference, parseMetadata } from './object-metadata.ts';

/** Annotation of a KubeVirt launcher pod: the migration that it is the target of. */
export const migrationJobAnnotation = 'kubevirt.io/migrationJobName';

const annotationsRead = [
  ...Object.values(podAnnotations),
  ...Object.values(multusAnnotations),
  configHashAnnotation,
  migrationJobAnnotation,
];

/** What is kept of a pod: everything that a decision reads, and no more. */
export interface PodView {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Of a static pod's mirror: the UID under which the kubelet runs it. */
  readonly configHash?: string;
  /** Undefined when there are too many to keep. */
  readonly labels: Labels | undefined;
  /** Only those that decisions read. */
  readonly annotations: Labels;
  /** Undefined until the pod is scheduled. */
  readonly nodeName?: string;
  /** Its deletion was asked for. */
  readonly deleting: boolean;
  /** How long its containers get to end once its deletion was asked for (`metadata.deletionGracePeriodSeconds`); undefined before. */
  readonly deletionGraceSeconds?: number;
  readonly phase?: string;
  /** `status.reason`, such as `Evicted`. */
  readonly reason?: string;
  readonly restartPolicy?: string;
  readonly controller?: ControllerReference;
}

/**
 * Reads a pod.
 *
 * @throws MalformedObjectError when it is no pod of an API server
 */
export function parsePodView(object: unknown): PodView {
  const { namespace, name, uid, labels, annotations, deleting, controller } = parseMetadata(object);
  if (namespace === '') throw new MalformedObjectError('a pod has no namespace');
  const spec = fieldsOf(object, 'spec');
  const status = fieldsOf(object, 'status');
  const grace = fieldsOf(object, 'metadata')['deletionGracePeriodSeconds'];
  const picked = pickAnnotations(annotations, annotationsRead);
  const configHash = picked[configHashAnnotation];
  return {
    namespace,
    name,
    uid,
    labels: boundedLabels(labels),
    annotations: picked,
    deleting,
    ...(deleting && { deletionGraceSeconds: typeof grace === 'number' ? grace : 0 }),
    ...(configHash !== undefined && configHash !== '' && { configHash }),
    ...text(spec, 'nodeName'),
    ...text(spec, 'restartPolicy'),
    ...text(status, 'phase'),
    ...text(status, 'reason'),
    ...(controller && { controller }),
  };
}

/** Whether this is the pod that the runtime calls by this UID. */
export function isPodUid(pod: Pick<PodView, 'uid' | 'configHash'>, uid: string): boolean {
  return uid === pod.uid || uid === pod.configHash;
}

/**
 * What ended a pod, in words that follow its name; undefined while its containers may run or be started.
 * A pod with the restart policy Always that shows Succeeded, or Failed without an eviction, is started again.
 */
export function deathOf(
  pod: Pick<PodView, 'deleting' | 'phase' | 'reason' | 'restartPolicy'>,
): string | undefined {
  const { deleting, phase, reason, restartPolicy } = pod;
  if (deleting) return 'is being deleted';
  if (phase === 'Succeeded' && restartPolicy !== 'Always') return 'has finished (phase Succeeded)';
  if (phase === 'Failed' && reason === 'Evicted') return 'was evicted';
  if (phase === 'Failed' && restartPolicy === 'Never') return 'has failed and is not started again';
  return undefined;
}

/** Whether all containers of a pod have ended; one that is not being deleted may be started again. */
export function isFinished({ phase }: Pick<PodView, 'phase'>): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}

function fieldsOf(object: unknown, key: string): Readonly<Record<string, unknown>> {
  const value = isObject(object) ? object[key] : undefined;
  return isObject(value) ? value : {};
}

function text<K extends string>(
  fields: Readonly<Record<string, unknown>>,
  key: K,
): { readonly [P in K]?: string } {
  const value = fields[key];
  const found: { [P in K]?: string } = {};
  if (typeof value === 'string' && value !== '') found[key] = value;
  return found;
}
