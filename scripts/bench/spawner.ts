// Runs processes one after the other and measures each from start to end. Run by Bun: its spawn does not copy page tables
// (vfork), so the caller's own cost is the least and the same for all, whatever its memory. Peers read from and write to pipes, as
// under a container runtime; the pipes are filled before and emptied after a call, outside of what is timed.

import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { serveWorker } from './run-worker.ts';
import type { Peer } from './worker-contracts.ts';

/** Not counted: pages of the executables and of the agent get warm. */
const warmUpCalls = 5;
/** What a pipe holds; no peer reads or prints as much (pipe(7)). */
const pipeBytes = 65_536;

/** Standard input and output of the peers, by name in the file system so that both ends can be held here. */
class Pipes {
  readonly #inputPath: string;
  readonly #outputReader: number;
  /** For the peer's standard output. */
  readonly output: number;

  constructor(folder: string) {
    this.#inputPath = join(folder, 'stdin.pipe');
    const outputPath = join(folder, 'stdout.pipe');
    execFileSync('mkfifo', [this.#inputPath, outputPath]);
    this.#outputReader = openSync(outputPath, constants.O_RDONLY | constants.O_NONBLOCK);
    this.output = openSync(outputPath, constants.O_WRONLY);
  }

  /** A descriptor from which the content can be read to its end. The caller closes it. */
  openInput(content: Uint8Array): number {
    // Both ends at once (fifo(7)): neither of the others then waits for its peer.
    const bothEnds = openSync(this.#inputPath, constants.O_RDWR);
    writeSync(bothEnds, content);
    const reader = openSync(this.#inputPath, constants.O_RDONLY);
    closeSync(bothEnds);
    return reader;
  }

  /** What was printed since the last time. */
  takeOutput(): string {
    const buffer = Buffer.alloc(pipeBytes);
    try {
      return buffer.toString('utf8', 0, readSync(this.#outputReader, buffer));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return '';
      throw error;
    }
  }
}

function timeCall(peer: Peer, pipes: Pipes, containerId: string): number {
  const stdin = pipes.openInput(readFileSync(peer.stdinFile));
  const env = { ...peer.env, CNI_CONTAINERID: containerId };
  const startedMs = performance.now();
  const { status } = spawnSync(peer.file, [], { env, stdio: [stdin, pipes.output, 'ignore'] });
  const durationMs = performance.now() - startedMs;
  closeSync(stdin);
  const output = pipes.takeOutput();
  if (status !== 0) throw new Error(`${peer.name} failed (${status}): ${output}`);
  if (peer.prints && !output.includes('cniVersion')) throw new Error(`${peer.name} printed "${output}"`);
  return durationMs;
}

function runRound(peers: readonly Peer[], pipes: Pipes, round: string, calls: number): number[][] {
  const times = peers.map((): number[] => []);
  for (let call = 0; call < calls; call++) {
    // As long as those of containerd.
    const containerId = `${round}-${call}-`.padEnd(64, 'c');
    for (const [at, peer] of peers.entries()) times[at]?.push(timeCall(peer, pipes, containerId));
  }
  return times;
}

await serveWorker('spawner.ts', ({ folder, peers, rounds, callsPerRound }) => {
  const pipes = new Pipes(folder);
  runRound(peers, pipes, 'warm', warmUpCalls);
  return Array.from({ length: rounds }, (_, round) => runRound(peers, pipes, `r${round}`, callsPerRound));
});
