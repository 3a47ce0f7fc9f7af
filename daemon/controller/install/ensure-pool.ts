import { parsePool } from '../../../src/api/parse-resource.ts';
import { defaultPool } from '../../../src/api/pool-defaults.ts';
import { quote } from '../../../src/api/quote.ts';
import type { SpiderIPPool } from '../../../src/api/resources.ts';
import { structurallyEqual } from '../../../src/api/structurally-equal.ts';
import { isNotFound } from '../../../src/cluster/kubernetes/read-object.ts';
import { KubeError } from '../../../src/kube/kube-api.ts';
import { kubeResources, resourcePath } from '../../../src/kube/resource-path.ts';
import { type Attempt, CommandFailedError, persist } from '../persist.ts';
import { controllerAdvice, type InstallWaiting, tryTimeoutMs } from './await-webhooks.ts';

/** What became of a pool: made now, there as it should be, or there with another spec and left alone. */
export type PoolFate =
  | { readonly fate: 'created' | 'unchanged' }
  /** `fields` of the spec differ; none when it can't be read. */
  | { readonly fate: 'different'; readonly fields: readonly string[] };

/**
 * Makes a pool unless there is one of its name, which is never changed.
 *
 * @throws CommandFailedError, or KubeError when the API server refuses for good
 */
export async function ensurePool(pool: SpiderIPPool, { api, ...waiting }: InstallWaiting): Promise<PoolFate> {
  const { name } = pool.metadata;
  const what = `making pool ${quote(name)}`;
  return persist(
    { ...waiting, what, advice: controllerAdvice },
    async (signal): Promise<Attempt<PoolFate>> => {
      const limits = { signal, tryTimeoutMs, retryForMs: 0 };
      try {
        const path = resourcePath(kubeResources.pools, { name });
        const stored = await api.request({ method: 'GET', path, ...limits });
        return { done: compare(pool, stored) };
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
      try {
        await api.request({
          method: 'POST',
          path: resourcePath(kubeResources.pools),
          body: pool,
          ...limits,
        });
        return { done: { fate: 'created' } };
      } catch (error) {
        if (!(error instanceof KubeError) || error.status !== 422) throw error;
        throw new CommandFailedError(
          `${what} was refused: ${error.message}. Correct the variables SPIDERPOOL_INIT_DEFAULT_… (values clusterDefaultPool of the chart)`,
          { cause: error },
        );
      }
    },
  );
}

function compare(wanted: SpiderIPPool, object: unknown): PoolFate {
  const stored = parsePool(object);
  if (!stored.ok) return { fate: 'different', fields: [] };
  const there = defaultPool(stored.resource).spec;
  const fields = differingFields(wanted.spec, there);
  return fields.length === 0 ? { fate: 'unchanged' } : { fate: 'different', fields };
}

function differingFields(one: object, other: object): string[] {
  const [left, right] = [fieldsOf(one), fieldsOf(other)];
  return [...new Set([...left.keys(), ...right.keys()])]
    .filter((key) => !structurallyEqual(left.get(key), right.get(key)))
    .toSorted();
}

/** A list without entries says the same as none. */
function fieldsOf(spec: object): ReadonlyMap<string, unknown> {
  const entries: readonly [string, unknown][] = Object.entries(spec);
  return new Map(entries.filter(([, value]) => !(Array.isArray(value) && value.length === 0)));
}
