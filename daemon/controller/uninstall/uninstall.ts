import { resolve } from 'node:path';
import { createKubeApi } from '../../../src/kube/create-kube-api.ts';
import { type Environment, EnvironmentReader } from '../../process/environment-reader.ts';
import type { Report } from '../persist.ts';
import { controllerNameDefault } from '../resolve-controller-options.ts';
import { deleteData, releaseObjects } from './custom-resources.ts';
import { deleteControllerState, deletePolicies, deleteWebhooks } from './own-objects.ts';
import { awaitNoPods } from './running-pods.ts';
import type { UninstallContext } from './uninstall-context.ts';

/** What the command line of `clean` says; undefined is not given. */
export interface UninstallArguments {
  readonly kubeconfig?: string;
  readonly timeout: number;
  readonly mutating?: string;
  readonly validating?: string;
  /** Deletes pools, records and CRDs too. */
  readonly data?: boolean;
  readonly dryRun?: boolean;
}

/**
 * Removes what controllers leave behind in a cluster and would keep others from deleting something. Can be interrupted and begun again at any
 * time; does nothing the second time.
 *
 * @throws OptionsError; CommandFailedError, KubeError, KubeconfigError
 */
export async function uninstall(
  { kubeconfig, timeout, mutating, validating, data = false, dryRun = false }: UninstallArguments,
  environment: Environment,
  { report, signal }: { readonly report: Report; readonly signal: AbortSignal },
): Promise<void> {
  const env = new EnvironmentReader(environment);
  const namespace = env.required(
    'SPIDERPOOL_POD_NAMESPACE',
    'it must be the namespace in which Spiderpool was installed (in a pod: metadata.namespace of the downward API)',
  );
  const controllerName = env.text('SPIDERPOOL_CONTROLLER_DEPLOYMENT_NAME') ?? controllerNameDefault;
  await using api = createKubeApi(kubeconfig === undefined ? {} : { kubeconfig: resolve(kubeconfig) });
  const context: UninstallContext = { api, namespace, dryRun, timeoutMs: timeout, report, signal };
  const isShared = await awaitNoPods(context, data);
  const names = { mutating: mutating ?? controllerName, validating: validating ?? controllerName };
  await deleteWebhooks(context, names);
  if (isShared) {
    report('a Spiderpool of another namespace uses pools and records: they and their finalizers were left');
  } else {
    await deletePolicies(context);
    await releaseObjects(context);
  }
  await deleteControllerState(context, `${controllerName}-server-certs`);
  if (data && !isShared) await deleteData(context);
  report(summary({ data, dryRun }));
}

function summary({ data, dryRun }: { readonly data: boolean; readonly dryRun: boolean }): string {
  if (dryRun) return 'dry run: nothing was changed';
  if (data) return 'done: Spiderpool and its data are gone';
  return 'done: pools and records stay; to delete them too, run this with --data';
}
