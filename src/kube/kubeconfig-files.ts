import { accessSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { load } from 'js-yaml';
import { kubernetesYamlSchema } from '../api/yaml-schema.ts';
import { KubeconfigError } from './kubeconfig-error.ts';

type RawObject = Readonly<Record<string, unknown>>;

/** Kubeconfig files laid over each other, their entries as they were written but with absolute paths. */
export interface RawKubeconfig {
  readonly clusters: readonly RawObject[];
  readonly users: readonly RawObject[];
  readonly contexts: readonly RawObject[];
  readonly currentContext: string | undefined;
}

/** Fields of a cluster and a user that name files. */
const pathFields = ['certificate-authority', 'client-certificate', 'client-key', 'tokenFile'] as const;

/** The file given; else those of KUBECONFIG, else `~/.kube/config` where it exists. Empty when there is none. */
export function kubeconfigPaths(file: string | undefined, environment: NodeJS.ProcessEnv): readonly string[] {
  if (file !== undefined) return [file];
  const named = (environment['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  if (named.length > 0) return named;
  const path = join(environment['HOME'] ?? homedir(), '.kube', 'config');
  try {
    accessSync(path);
    return [path];
  } catch {
    return [];
  }
}

/**
 * Reads kubeconfig files; of entries with one name the first counts, as for kubectl.
 *
 * @throws KubeconfigError naming the file
 */
export function readKubeconfigFiles(paths: readonly string[]): RawKubeconfig {
  const files = paths.map(readFile);
  const merged = (key: 'clusters' | 'users' | 'contexts'): readonly RawObject[] => {
    const byName = new Map<unknown, RawObject>();
    for (const entry of files.flatMap((file) => file[key])) {
      if (!byName.has(entry['name'])) byName.set(entry['name'], entry);
    }
    return [...byName.values()];
  };
  return {
    clusters: merged('clusters'),
    users: merged('users'),
    contexts: merged('contexts'),
    currentContext: files.find(({ currentContext }) => currentContext !== undefined)?.currentContext,
  };
}

function readFile(path: string): RawKubeconfig {
  let document: unknown;
  try {
    document = load(readFileSync(path, 'utf8'), { schema: kubernetesYamlSchema });
  } catch (error) {
    // A parser's message may quote the line, which may hold a secret.
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'it is not YAML';
    throw new KubeconfigError(`kubeconfig ${path} can't be read: ${reason}`);
  }
  if (!isObject(document)) throw new KubeconfigError(`kubeconfig ${path} is not an object`);
  const folder = dirname(path);
  const context = document['current-context'];
  return {
    clusters: entries(document['clusters'], 'cluster', folder),
    users: entries(document['users'], 'user', folder),
    contexts: entries(document['contexts'], 'context', folder),
    currentContext: typeof context === 'string' && context !== '' ? context : undefined,
  };
}

function entries(list: unknown, key: 'cluster' | 'user' | 'context', folder: string): readonly RawObject[] {
  if (!Array.isArray(list)) return [];
  return list.filter(isObject).map((entry) => {
    const inner = entry[key];
    return isObject(inner) ? { ...entry, [key]: withAbsolutePaths(inner, folder) } : entry;
  });
}

function withAbsolutePaths(inner: RawObject, folder: string): RawObject {
  const paths = pathFields.flatMap((field) => {
    const path = inner[field];
    return typeof path === 'string' && path !== '' ? [[field, resolve(folder, path)] as const] : [];
  });
  return { ...inner, ...Object.fromEntries(paths) };
}

function isObject(value: unknown): value is RawObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
