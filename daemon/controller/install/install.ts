import { resolve } from 'node:path';
import { quote } from '../../../src/api/quote.ts';
import { createKubeApi } from '../../../src/kube/create-kube-api.ts';
import type { Environment } from '../../process/environment-reader.ts';
import { readConf } from '../../process/read-conf.ts';
import type { Report } from '../persist.ts';
import { awaitWebhooks } from './await-webhooks.ts';
import { readDefaultPools } from './default-pools.ts';
import { ensurePool } from './ensure-pool.ts';

/** What the command line of `init` says; undefined is not given. */
export interface InstallArguments {
  readonly configPath?: string;
  readonly kubeconfig?: string;
  readonly timeout: number;
}

/**
 * Waits until the webhooks answer and makes the default pools that the environment asks for. Does nothing the second time.
 *
 * @throws OptionsError or ConfError before anything is sent; CommandFailedError, KubeError, KubeconfigError
 */
export async function install(
  { configPath, kubeconfig, timeout }: InstallArguments,
  environment: Environment,
  { report, signal }: { readonly report: Report; readonly signal: AbortSignal },
): Promise<void> {
  const { conf } = readConf(configPath);
  const families = [...(conf.enableIPv4 ? ([4] as const) : []), ...(conf.enableIPv6 ? ([6] as const) : [])];
  const { pools, notes } = readDefaultPools(environment, families);
  for (const note of notes) report(`note: ${note}`);
  await using api = createKubeApi(kubeconfig === undefined ? {} : { kubeconfig: resolve(kubeconfig) });
  const deadlineMs = performance.now() + timeout;
  const waiting = () => ({
    api,
    report,
    signal,
    timeoutMs: Math.max(1, Math.ceil(deadlineMs - performance.now())),
  });
  const isJudged = await awaitWebhooks({ ...waiting(), timeoutMs: timeout });
  report(
    isJudged
      ? 'the webhooks answer'
      : 'note: the API server asks no webhook about pools, so that nobody checks them; are the webhook configurations installed?',
  );
  if (pools.length === 0)
    report('no default pool is asked for (SPIDERPOOL_INIT_DEFAULT_IPV4_IPPOOL_NAME, …_IPV6_…)');
  for (const pool of pools) {
    const name = quote(pool.metadata.name);
    const outcome = await ensurePool(pool, waiting());
    if (outcome.fate === 'created') report(`pool ${name}: created`);
    if (outcome.fate === 'unchanged') report(`pool ${name}: is there already`);
    if (outcome.fate === 'different') {
      const which = outcome.fields.map((field) => `spec.${field}`).join(', ') || 'its content';
      report(
        `pool ${name}: is there with other values and was left alone (${which}); to have those of the environment, change it with kubectl edit sp ${pool.metadata.name}`,
      );
    }
  }
}
