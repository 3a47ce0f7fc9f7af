import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runOrThrow } from '../../test/support/run-command.ts';
import type { WorkerInput, WorkerName, WorkerOutput } from './worker-contracts.ts';

/** No worker takes more than a minute on a slow machine; one that hangs must not hang the run. */
const timeoutMs = 600_000;
/** A number for each of some 100,000 calls. */
const outputBytesMax = 64 * 1024 * 1024;

/**
 * Measures in a process of its own, so that neither the memory nor the work of this one is part of a figure.
 * @param name a module of this folder that calls {@link serveWorker}
 * @param runtime the command that runs it @default this process's Node
 * @throws CommandError when it fails
 */
export async function runWorker<Name extends WorkerName>(
  name: Name,
  input: WorkerInput<Name>,
  runtime: readonly string[] = [process.execPath],
): Promise<WorkerOutput<Name>> {
  const file = fileURLToPath(new URL(name, import.meta.url));
  const [program = process.execPath, ...args] = runtime;
  const output = await runOrThrow(program, [...args, file], {
    stdin: JSON.stringify(input),
    timeoutMs,
    outputBytesMax,
  });
  // Both ends are ours, of one version, and checked against one contract.
  return JSON.parse(output) as WorkerOutput<Name>;
}

/** The other end: reads the input, works, prints the output. @param _name says which contract holds */
export async function serveWorker<Name extends WorkerName>(
  _name: Name,
  work: (input: WorkerInput<Name>) => WorkerOutput<Name> | Promise<WorkerOutput<Name>>,
): Promise<void> {
  const input = JSON.parse(readFileSync(0, 'utf8')) as WorkerInput<Name>;
  process.stdout.write(JSON.stringify(await work(input)));
}
