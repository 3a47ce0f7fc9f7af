import { globSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';

/** A module of the project, as text. */
export interface SourceFile {
  /** From the repository's root, with forward slashes. */
  readonly path: string;
  readonly text: string;
  /** See {@link isTestOnly}. */
  readonly isTest: boolean;
  /** What it imports, types included: paths from the root for modules of the project, names for packages and `node:*`. */
  readonly imports: readonly string[];
}

/** Static imports and re-exports (a line's first word), and dynamic ones. None of the project's strings look like that. */
const importPattern =
  /^\s*(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]|^\s*import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm;

/** Whether a module exists for tests alone: tests, helpers in a `testing` or `contract` folder, and all of `test`. */
export function isTestOnly(path: string): boolean {
  return /\.test\.ts$|\/(testing|contract)\/|^test\//.test(path);
}

/** @returns what `text`, standing at `path`, imports */
export function importsOf(path: string, text: string): readonly string[] {
  return [...text.matchAll(importPattern)].map((match) => {
    const specifier = match[1] ?? match[2] ?? match[3] ?? '';
    return specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : specifier;
  });
}

/** @returns `text` without comments that fill whole lines and without empty lines; one entry a line */
export function codeLines(text: string): readonly string[] {
  const withoutBlocks = text.replace(/^\s*\/\*[^]*?\*\/\s*$/gm, '');
  return withoutBlocks.split('\n').filter((line) => line.trim() !== '' && !line.trim().startsWith('//'));
}

/** Reads the modules that match `patterns`, sorted by path. */
export function readSources(root: string, patterns: readonly string[]): readonly SourceFile[] {
  return globSync([...patterns], { cwd: root })
    .sort()
    .map((path) => {
      const text = readFileSync(posix.join(root, path), 'utf8');
      return { path, text, isTest: isTestOnly(path), imports: importsOf(path, text) };
    });
}
