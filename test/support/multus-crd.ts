import type { ControlPlane } from './control-plane.ts';

/** Lets a control plane take NetworkAttachmentDefinitions, with a schema as wide as Multus' own. */
export async function createMultusCrd(plane: ControlPlane): Promise<void> {
  const object = { type: 'object', properties: { config: { type: 'string' } } };
  const crd = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'network-attachment-definitions.k8s.cni.cncf.io' },
    spec: {
      group: 'k8s.cni.cncf.io',
      scope: 'Namespaced',
      names: {
        kind: 'NetworkAttachmentDefinition',
        plural: 'network-attachment-definitions',
        singular: 'network-attachment-definition',
      },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', properties: { spec: object } } },
        },
      ],
    },
  };
  await plane.kubectl(['apply', '-f', '-'], { stdin: JSON.stringify(crd) });
  const name = `crd/${crd.metadata.name}`;
  await plane.kubectl(['wait', '--for=condition=Established', '--timeout=60s', name]);
}
