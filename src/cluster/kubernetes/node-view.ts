import { isObject } from '../../api/decode.ts';
import { type ObjectMetadata, parseMetadata } from './object-metadata.ts';

/** Taint by which an operator says that a node is shut down for certain (Kubernetes: non-graceful node shutdown). */
const outOfServiceTaint = 'node.kubernetes.io/out-of-service';

/** What is kept of a node. */
export interface NodeView extends Pick<ObjectMetadata, 'name' | 'uid' | 'deleting'> {
  /** Its condition Ready is True. */
  readonly isReady: boolean;
  /** It has the out-of-service taint: nothing runs on it any more. */
  readonly isOutOfService: boolean;
}

/**
 * Reads a node.
 *
 * @throws MalformedObjectError when it is no object of an API server
 */
export function parseNodeView(object: unknown): NodeView {
  const { name, uid, deleting } = parseMetadata(object);
  const { spec, status } = isObject(object) ? object : {};
  const conditions = listOf(status, 'conditions');
  const taints = listOf(spec, 'taints');
  return {
    name,
    uid,
    deleting,
    isReady: conditions.some((one) => one['type'] === 'Ready' && one['status'] === 'True'),
    isOutOfService: taints.some(({ key }) => key === outOfServiceTaint),
  };
}

function listOf(parent: unknown, key: string): readonly Readonly<Record<string, unknown>>[] {
  const value = isObject(parent) ? parent[key] : undefined;
  return Array.isArray(value) ? value.filter(isObject) : [];
}
