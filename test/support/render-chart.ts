import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadAll } from 'js-yaml';
import { isJsonObject } from '../../src/cni/field-reader.ts';
import { findHelm } from './helm.ts';
import { type CommandResult, runCommand } from './run-command.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** An object as the chart renders it. */
export interface RenderedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

export interface HelmOptions {
  /** As in a file of values. @default none */
  readonly values?: object;
  /** @default 'spiderpool' */
  readonly namespace?: string;
  /** Which cluster; without it only what needs none can be run. */
  readonly kubeconfig?: string;
}

/** The chart's folder. */
export const chartFolder = fileURLToPath(new URL('../../deploy/chart', import.meta.url));
/** A loaded machine gets its time; helm itself waits for nothing here. */
const timeoutMs = 180_000;

/** Runs helm with values from a file, as a person does; a failing command is a result. */
export async function runHelm(args: readonly string[], options: HelmOptions = {}): Promise<CommandResult> {
  const { values = {}, namespace = 'spiderpool', kubeconfig } = options;
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'values.yaml');
  // JSON is YAML.
  await writeFile(file, JSON.stringify(values));
  const withValues = ['template', 'install', 'upgrade', 'lint'].includes(args[0] ?? '')
    ? ['--values', file]
    : [];
  return await runCommand(await findHelm(), [...args, '--namespace', namespace, ...withValues], {
    timeoutMs,
    env: {
      PATH: process.env['PATH'],
      HOME: folder.path,
      // Without one it must not find that of the person who runs the tests.
      KUBECONFIG: kubeconfig ?? join(folder.path, 'none'),
    },
  });
}

/** What `helm install` would install, hooks included. @throws Error with helm's message when it refuses */
export async function renderChart(options: HelmOptions = {}): Promise<readonly RenderedObject[]> {
  return loadAll(await renderText(options)).filter(isRendered);
}

/** The same as text. */
export async function renderText(options: HelmOptions = {}): Promise<string> {
  const args = ['template', 'spiderpool', chartFolder, '--kube-version', '1.34'];
  const { exitCode, stdout, stderr } = await runHelm(args, options);
  if (exitCode !== 0) throw new Error(stderr.trim());
  return stdout;
}

/** @returns whether Helm runs an object beside the release, at an event of it */
export function isHook({ metadata }: RenderedObject): boolean {
  return metadata.annotations?.['helm.sh/hook'] !== undefined;
}

/** The object of a kind and a name. @throws Error when it is not there */
export function objectOf(objects: readonly RenderedObject[], kind: string, name: string): RenderedObject {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  if (found === undefined) throw new Error(`the chart renders no ${kind} ${name}`);
  return found;
}

function isRendered(document: unknown): document is RenderedObject {
  return isJsonObject(document) && typeof document['kind'] === 'string';
}
