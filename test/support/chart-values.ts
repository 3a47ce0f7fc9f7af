import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load, loadAll } from 'js-yaml';
import { repositoryFolder } from './doc-blocks.ts';

/** A map of values of the chart. */
export type ChartValues = Readonly<Record<string, unknown>>;

/** The chart's defaults. */
export const chartValues: ChartValues = valuesOf(
  readFileSync(join(repositoryFolder, 'deploy/chart/values.yaml'), 'utf8'),
);

/** Whether a YAML text is a file of values: all its sections are the chart's. */
export function isValuesFile(text: string): boolean {
  const documents = loadAll(text);
  const sections = documents.length === 1 ? Object.keys(valuesOf(text)) : [];
  return sections.length > 0 && sections.every((section) => section in chartValues);
}

/** What a path of values, such as `cni.master`, has wrong; what is an empty map or list in the chart, or a selector, takes any key. */
export function problemOfValue(path: string): string | undefined {
  let at: unknown = chartValues;
  for (const key of path.split('.')) {
    const isMap = typeof at === 'object' && at !== null && !Array.isArray(at);
    if (!isMap || !(key in (at as object))) return `values.yaml has no ${path}`;
    at = (at as ChartValues)[key];
    const isOpen = typeof at === 'object' && at !== null && Object.keys(at).length === 0;
    if (isOpen || key === 'nodeSelector') return undefined;
  }
  return undefined;
}

/** The problems of a file of values, by its leaves. */
export function problemsOfValues(text: string): readonly string[] {
  return leavesOf(valuesOf(text), '').flatMap((path) => problemOfValue(path) ?? []);
}

function leavesOf(value: unknown, path: string): readonly string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [path];
  return Object.entries(value).flatMap(([key, inner]) =>
    leavesOf(inner, path === '' ? key : `${path}.${key}`),
  );
}

function valuesOf(text: string): ChartValues {
  const value = load(text);
  return typeof value === 'object' && value !== null ? (value as ChartValues) : {};
}
