import { globSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { load } from 'js-yaml';
import { isJsonObject } from '../../src/cni/field-reader.ts';
import { findHelm } from '../../test/support/helm.ts';
import { CommandError, runOrThrow } from '../../test/support/run-command.ts';
import { describedValues, undescribedPaths, valuesSchema, valuesTable } from './chart-values.ts';

/** Something with a message for who runs the script. */
export class ManifestsError extends Error {
  override readonly name = 'ManifestsError';
}

const chart = fileURLToPath(new URL('../../deploy/chart', import.meta.url));
const folder = fileURLToPath(new URL('../../deploy/manifests', import.meta.url));
const withoutEffectFile = 'files/values-without-effect.yaml';
const schemaFile = 'values.schema.json';
const readmeFile = 'README.md';
/** What stands between these marks of the chart's README is written here. */
const tableMarks = ['<!-- values -->\n', '\n<!-- /values -->'] as const;

/** What helm renders for; without it helm takes the version that it was built with. */
const kubeVersion = '1.34';
const renderTimeoutMs = 60_000;

/** The files in the order in which `kubectl apply -f deploy/manifests` sends them, and the chart's templates that are in each. */
const parts: Readonly<Record<string, readonly string[]>> = {
  '10-agent-rbac.yaml': ['agent/rbac.yaml'],
  '11-controller-rbac.yaml': ['controller/rbac.yaml'],
  '12-ctl-rbac.yaml': ['roles.yaml'],
  '15-flow-control.yaml': ['agent/flow-control.yaml'],
  '20-config.yaml': ['config.yaml'],
  '30-agent.yaml': ['agent/daemonset.yaml'],
  '31-controller.yaml': ['controller/deployment.yaml'],
  '40-webhooks.yaml': ['controller/webhooks.yaml'],
  '50-admission-policies.yaml': ['admission-policies.yaml'],
};

/** Templates that default values leave empty, or whose objects only Helm can run. */
const notApplied = ['agent/network.yaml', 'clean/', 'init/', 'monitoring/'];

const header =
  '# Rendered from deploy/chart with its default values: change that, then run `node scripts/manifests.ts`.\n';

const namespaceFile = `${header}apiVersion: v1
kind: Namespace
metadata:
  name: spiderpool
  labels:
    # The agents use the node's network and folders.
    pod-security.kubernetes.io/enforce: privileged
    pod-security.kubernetes.io/audit: privileged
    pod-security.kubernetes.io/warn: privileged
`;

/**
 * @returns the text of each file by its name
 * @throws ManifestsError when helm refuses the chart, or a template is in no file
 */
export async function manifestFiles(): Promise<ReadonlyMap<string, string>> {
  const rendered = splitByTemplate(await renderChart());
  const files = new Map([['00-namespace.yaml', namespaceFile]]);
  for (const [file, templates] of Object.entries(parts)) {
    const documents = templates.flatMap((template) => {
      const found = rendered.get(template);
      if (found === undefined) throw new ManifestsError(`the chart renders no templates/${template}`);
      rendered.delete(template);
      return found;
    });
    files.set(file, header + documents.map(forKubectl).join('---\n'));
  }
  const forgotten = [...rendered.keys()].filter(
    (template) => !notApplied.some((prefix) => template.startsWith(prefix)),
  );
  if (forgotten.length > 0)
    throw new ManifestsError(`${forgotten.join(', ')}: in no file of deploy/manifests`);
  return files;
}

/**
 * What is derived from the chart's values: its schema, and its README with the table of them.
 * @returns the text of each file of the chart by its name
 * @throws ManifestsError when a value has no description, or the README no place for the table
 */
export async function valuesFiles(): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(join(chart, 'values.yaml'), 'utf8');
  const defaults = load(text);
  const ignored = load(await readFile(join(chart, withoutEffectFile), 'utf8'));
  if (!isJsonObject(defaults) || !Array.isArray(ignored))
    throw new ManifestsError('values.yaml is not a map');
  const values = describedValues(text, defaults);
  const undescribed = undescribedPaths(values, defaults);
  if (undescribed.length > 0) {
    throw new ManifestsError(
      `values.yaml says nothing about ${undescribed.join(', ')}: write "# -- …" above it`,
    );
  }
  const schema = JSON.stringify(valuesSchema(values, defaults, ignored.map(String)), undefined, 2);
  return new Map([
    [schemaFile, `${schema}\n`],
    [readmeFile, withTable(await readFile(join(chart, readmeFile), 'utf8'), valuesTable(values))],
  ]);
}

/** These files of the chart as they stand. */
export async function readValuesFiles(): Promise<ReadonlyMap<string, string>> {
  const entries = [schemaFile, readmeFile].map(
    async (name) => [name, await readFile(join(chart, name), 'utf8').catch(() => '')] as const,
  );
  return new Map(await Promise.all(entries));
}

/** Writes {@link valuesFiles}. */
export async function writeValuesFiles(files: ReadonlyMap<string, string>): Promise<void> {
  for (const [name, text] of files) await writeFile(join(chart, name), text);
}

function withTable(readme: string, table: string): string {
  const [begin, end] = tableMarks;
  const from = readme.indexOf(begin);
  const to = readme.indexOf(end, from);
  if (from < 0 || to < 0)
    throw new ManifestsError(`deploy/chart/${readmeFile} has no ${begin.trim()} … ${end.trim()}`);
  return readme.slice(0, from + begin.length) + table + readme.slice(to);
}

/** What stands in deploy/manifests. */
export async function readManifestFiles(): Promise<ReadonlyMap<string, string>> {
  const names = globSync('*.yaml', { cwd: folder });
  const entries = names.map(async (name) => [name, await readFile(join(folder, name), 'utf8')] as const);
  return new Map(await Promise.all(entries));
}

/** Makes deploy/manifests these files, and no other. */
export async function writeManifestFiles(files: ReadonlyMap<string, string>): Promise<void> {
  for (const name of globSync('*.yaml', { cwd: folder })) {
    if (!files.has(name)) await rm(join(folder, name));
  }
  for (const [name, text] of files) await writeFile(join(folder, name), text);
}

async function renderChart(): Promise<string> {
  const args = ['template', 'spiderpool', chart, '--namespace', 'spiderpool', '--kube-version', kubeVersion];
  try {
    return await runOrThrow(await findHelm(), args, { timeoutMs: renderTimeoutMs });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new ManifestsError(error.message, { cause: error });
  }
}

/** Documents by the path of their template below templates/, in the order of the template's text. */
function splitByTemplate(rendered: string): Map<string, string[]> {
  const documents = new Map<string, string[]>();
  for (const document of rendered.split(/^---\n/m)) {
    const [, template, text] = /^# Source: \w+\/templates\/(\S+)\n([\s\S]*)$/.exec(document) ?? [];
    if (template === undefined || text === undefined || !/^kind: /m.test(text)) continue;
    documents.set(template, [...(documents.get(template) ?? []), text]);
  }
  return documents;
}

/** Without what only a release of Helm has, and what would change with each version. */
function forKubectl(document: string): string {
  const lines = document.split('\n').filter((line) => {
    const isHelms =
      /^ *(app\.kubernetes\.io\/(managed-by|instance|version)|helm\.sh\/chart|checksum\/config): /.test(line);
    return !isHelms && line.trim() !== '';
  });
  // A map whose only entry was one of these is none.
  const kept = lines.filter((line, at) => !(/^ *annotations:$/.test(line) && !isDeeper(lines[at + 1], line)));
  return `${kept.join('\n')}\n`;
}

function isDeeper(line: string | undefined, than: string): boolean {
  return line !== undefined && indentOf(line) > indentOf(than);
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}
