/** A resource of the API: `group` is empty for the core group. */
export interface KubeResource {
  readonly group: string;
  readonly version: string;
  /** Lower-case plural, such as `spiderippools`. */
  readonly plural: string;
}

const admissionregistration = { group: 'admissionregistration.k8s.io', version: 'v1' } as const;
const spiderpool = { group: 'spiderpool.spidernet.io', version: 'v2beta1' } as const;

/** The resources that this project reads or writes. */
export const kubeResources = {
  pods: { group: '', version: 'v1', plural: 'pods' },
  namespaces: { group: '', version: 'v1', plural: 'namespaces' },
  nodes: { group: '', version: 'v1', plural: 'nodes' },
  events: { group: '', version: 'v1', plural: 'events' },
  secrets: { group: '', version: 'v1', plural: 'secrets' },
  leases: { group: 'coordination.k8s.io', version: 'v1', plural: 'leases' },
  mutatingWebhooks: { ...admissionregistration, plural: 'mutatingwebhookconfigurations' },
  validatingWebhooks: { ...admissionregistration, plural: 'validatingwebhookconfigurations' },
  admissionPolicies: { ...admissionregistration, plural: 'validatingadmissionpolicies' },
  admissionPolicyBindings: { ...admissionregistration, plural: 'validatingadmissionpolicybindings' },
  definitions: { group: 'apiextensions.k8s.io', version: 'v1', plural: 'customresourcedefinitions' },
  statefulSets: { group: 'apps', version: 'v1', plural: 'statefulsets' },
  replicaSets: { group: 'apps', version: 'v1', plural: 'replicasets' },
  jobs: { group: 'batch', version: 'v1', plural: 'jobs' },
  virtualMachines: { group: 'kubevirt.io', version: 'v1', plural: 'virtualmachines' },
  virtualMachineInstances: { group: 'kubevirt.io', version: 'v1', plural: 'virtualmachineinstances' },
  pools: { ...spiderpool, plural: 'spiderippools' },
  blocks: { ...spiderpool, plural: 'spideripblocks' },
  endpoints: { ...spiderpool, plural: 'spiderendpoints' },
  subnets: { ...spiderpool, plural: 'spidersubnets' },
  reservedIps: { ...spiderpool, plural: 'spiderreservedips' },
  coordinators: { ...spiderpool, plural: 'spidercoordinators' },
} as const satisfies Readonly<Record<string, KubeResource>>;

/** Path of a collection, or of one object in it. */
export function resourcePath(
  { group, version, plural }: KubeResource,
  target: { readonly namespace?: string; readonly name?: string } = {},
): string {
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const namespace =
    target.namespace === undefined ? '' : `/namespaces/${encodeURIComponent(target.namespace)}`;
  const name = target.name === undefined ? '' : `/${encodeURIComponent(target.name)}`;
  return `${root}${namespace}/${plural}${name}`;
}
