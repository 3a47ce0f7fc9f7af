import type { ControlPlane } from './control-plane.ts';

/** A kind of another project's operator. */
export interface ForeignKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** Lower-case. */
  readonly plural: string;
}

/** Lets a control plane take objects of operators that are not there; their schemas are open. */
export async function createForeignKinds(plane: ControlPlane, kinds: readonly ForeignKind[]): Promise<void> {
  const definitions = kinds.map(({ group, version, kind, plural }) => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, plural, singular: kind.toLowerCase() },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
        },
      ],
    },
  }));
  const list = { apiVersion: 'v1', kind: 'List', items: definitions };
  await plane.kubectl(['apply', '-f', '-'], { stdin: JSON.stringify(list) });
  const names = definitions.map(({ metadata }) => `crd/${metadata.name}`);
  await plane.kubectl(['wait', '--for=condition=Established', '--timeout=60s', ...names]);
}
