import type { PodView } from '../pod-view.ts';

/** Fields of an object that a test cares about, merged over those that every object has. */
export interface ObjectFields {
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
}

/** A pod as the API server would give it: running on `node-1`, UID `uid-1`. */
export function podObject({ metadata, spec, status }: ObjectFields = {}): Readonly<Record<string, unknown>> {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'default', name: 'a', uid: 'uid-1', resourceVersion: '1', ...metadata },
    spec: { nodeName: 'node-1', restartPolicy: 'Always', containers: [{ name: 'c', image: 'i' }], ...spec },
    status: { phase: 'Running', podIP: '10.6.0.10', ...status },
  };
}

/** A living pod of `node-1`. */
export function podView(fields: Partial<PodView> = {}): PodView {
  return {
    namespace: 'default',
    name: 'a',
    uid: 'uid-1',
    labels: {},
    annotations: {},
    nodeName: 'node-1',
    deleting: false,
    phase: 'Running',
    restartPolicy: 'Always',
    ...fields,
  };
}
