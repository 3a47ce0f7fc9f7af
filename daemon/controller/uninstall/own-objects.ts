import { isObject } from '../../../src/api/decode.ts';
import { controllerLease } from '../../../src/api/names.ts';
import { kubeResources } from '../../../src/kube/resource-path.ts';
import { authorityNamePrefix } from '../certificates/certificate-maker.ts';
import { readCertificates } from '../certificates/read-pem.ts';
import { deleteObject } from './delete-object.ts';
import type { UninstallContext } from './uninstall-context.ts';

/** Names of the policies of the manifests and of their bindings. */
const policies = ['spiderpool-keep-records', 'spiderpool-own-slots'] as const;

/**
 * Deletes webhook configurations that lead to the namespace's own Service: nobody would answer.
 *
 * @throws CommandFailedError or KubeError
 */
export async function deleteWebhooks(
  context: UninstallContext,
  names: { readonly mutating: string; readonly validating: string },
): Promise<void> {
  const keeps = (object: unknown) => foreignService(object, context.namespace);
  for (const [resource, word, name] of [
    [kubeResources.mutatingWebhooks, 'MutatingWebhookConfiguration', names.mutating],
    [kubeResources.validatingWebhooks, 'ValidatingWebhookConfiguration', names.validating],
  ] as const)
    await deleteObject(context, { resource, name, what: `${word} ${name}`, keeps });
}

/**
 * Deletes the admission policies: they keep records from being deleted. A binding goes first: one without its policy would let the API server
 * complain.
 *
 * @throws CommandFailedError or KubeError
 */
export async function deletePolicies(context: UninstallContext): Promise<void> {
  for (const [resource, word] of [
    [kubeResources.admissionPolicyBindings, 'ValidatingAdmissionPolicyBinding'],
    [kubeResources.admissionPolicies, 'ValidatingAdmissionPolicy'],
  ] as const) {
    for (const name of policies) await deleteObject(context, { resource, name, what: `${word} ${name}` });
  }
}

/**
 * Deletes what controllers have made for themselves: the Secret with the certificate, unless it is somebody else's, and the Lease.
 *
 * @throws CommandFailedError or KubeError
 */
export async function deleteControllerState(context: UninstallContext, secretName: string): Promise<void> {
  const { namespace } = context;
  await deleteObject(context, {
    resource: kubeResources.secrets,
    namespace,
    name: secretName,
    what: `Secret ${namespace}/${secretName}`,
    keeps: (object) =>
      isOwnCertificate(object) ? undefined : 'its certificate was not made by spiderpool-controller',
  });
  const what = `Lease ${namespace}/${controllerLease}`;
  await deleteObject(context, { resource: kubeResources.leases, namespace, name: controllerLease, what });
}

/** Why a webhook configuration is another installation's. */
function foreignService(object: unknown, namespace: string): string | undefined {
  const webhooks = isObject(object) ? object['webhooks'] : undefined;
  for (const webhook of Array.isArray(webhooks) ? webhooks : []) {
    const config = isObject(webhook) ? webhook['clientConfig'] : undefined;
    const service = isObject(config) ? config['service'] : undefined;
    if (!isObject(service) || service['namespace'] === namespace) continue;
    return `as it belongs to the installation in namespace ${String(service['namespace'])}`;
  }
  return undefined;
}

/** Only controllers keep the key of an authority beside a certificate, and name the authority like this. */
function isOwnCertificate(object: unknown): boolean {
  const data = isObject(object) ? object['data'] : undefined;
  if (!isObject(data) || typeof data['ca.crt'] !== 'string' || typeof data['ca.key'] !== 'string')
    return false;
  const [authority] = readCertificates(Buffer.from(data['ca.crt'], 'base64').toString());
  return authority?.subject.startsWith(`CN=${authorityNamePrefix}`) === true;
}
