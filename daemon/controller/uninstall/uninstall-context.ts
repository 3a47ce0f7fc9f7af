import type { KubeApi } from '../../../src/kube/kube-api.ts';
import type { PersistOptions, Report } from '../persist.ts';

/** What every step of an uninstallation works with. */
export interface UninstallContext {
  readonly api: KubeApi;
  /** Of the release. */
  readonly namespace: string;
  /** Nothing is changed, and nothing waited for. */
  readonly dryRun: boolean;
  /** For each step. */
  readonly timeoutMs: number;
  readonly report: Report;
  readonly signal: AbortSignal;
}

/** How a step is tried again. */
export function patience(
  { timeoutMs, report, signal }: UninstallContext,
  what: string,
  advice = 'Run this again: it goes on where it was',
): PersistOptions {
  return { what, advice, timeoutMs, report, signal };
}

/** A word for what a run does, or a dry run would do. */
export function done({ dryRun }: UninstallContext, word: string): string {
  return dryRun ? `would be ${word}` : word;
}
