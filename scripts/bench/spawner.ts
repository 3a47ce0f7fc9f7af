// Runs processes one after the other and measures each from start to end. Run by Bun: its spawn does not copy page tables
// (vfork), so the caller's own cost is the least and the same for all, whatever its memory.

import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { serveWorker } from './run-worker.ts';
import type { Peer } from './worker-contracts.ts';

/** Not counted: pages of the executables and of the agent get warm. */
const warmUpCalls = 5;

/** What a peer prints is not read while it is timed: only a pipe's own cost would be measured. */
type Output = 'ignore' | 'pipe';

function timeCall(peer: Peer, containerId: string, output: Output): number {
  const stdin = openSync(peer.stdinFile, 'r');
  const env = { ...peer.env, CNI_CONTAINERID: containerId };
  try {
    const startedMs = performance.now();
    const { status, stdout } = spawnSync(peer.file, [], { env, stdio: [stdin, output, 'ignore'] });
    const durationMs = performance.now() - startedMs;
    if (status !== 0) throw new Error(`${peer.name} failed (${status}): ${String(stdout ?? '')}`);
    return durationMs;
  } finally {
    closeSync(stdin);
  }
}

function runRound(peers: readonly Peer[], round: string, calls: number, output: Output): number[][] {
  const times = peers.map((): number[] => []);
  for (let call = 0; call < calls; call++) {
    // As long as those of containerd.
    const containerId = `${round}-${call}-`.padEnd(64, 'c');
    for (const [at, peer] of peers.entries()) times[at]?.push(timeCall(peer, containerId, output));
  }
  return times;
}

await serveWorker('spawner.ts', ({ peers, rounds, callsPerRound }) => {
  runRound(peers, 'warm', warmUpCalls, 'pipe');
  return Array.from({ length: rounds }, (_, round) => runRound(peers, `r${round}`, callsPerRound, 'ignore'));
});
