import * as z from 'zod';
import type { CniAnswer } from '../../test/support/run-cni.ts';
import { DemoError } from './demo-error.ts';

// What main plugins print on stdout (CNI 1.1.0, sections "Success" and "Error"), as far as the demo reads it.

const result = z.object({ ips: z.array(z.object({ address: z.string() })) });
const failure = z.looseObject({ code: z.int(), msg: z.string() });

/** A CNI error object, whole. */
export type CniFailure = z.infer<typeof failure>;

/** @returns the addresses of the result, with prefix length @throws DemoError when the call failed */
export function addressesOf(call: string, answer: CniAnswer): readonly string[] {
  const parsed = result.safeParse(answer.stdout);
  if (answer.exitCode === 0 && parsed.success) return parsed.data.ips.map(({ address }) => address);
  throw new DemoError(`${call} should succeed, but ${saidBy(answer)}`);
}

/** @returns the error @throws DemoError when the call succeeded, or failed without one */
export function failureOf(call: string, answer: CniAnswer): CniFailure {
  const parsed = failure.safeParse(answer.stdout);
  if (answer.exitCode !== 0 && parsed.success) return parsed.data;
  throw new DemoError(`${call} should be refused, but ${saidBy(answer)}`);
}

/** @throws DemoError when the call failed */
export function requireSuccess(call: string, answer: CniAnswer): void {
  if (answer.exitCode !== 0) throw new DemoError(`${call} should succeed, but ${saidBy(answer)}`);
}

function saidBy({ exitCode, stdout, stderr }: CniAnswer): string {
  return `it ended with ${exitCode} and said ${JSON.stringify(stdout) ?? 'nothing'} ${stderr}`.trim();
}
