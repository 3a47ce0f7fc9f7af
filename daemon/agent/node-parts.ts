import { join } from 'node:path';
import type { Cluster } from '../../src/cluster/cluster.ts';
import { tombstoneFolder } from '../../src/cni/tombstone.ts';
import type { EnabledFamilies } from '../../src/ipam/facts.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import type { Logger } from '../../src/log/logger.ts';
import { AgentMetrics } from '../../src/metrics/agent-metrics.ts';
import type { Aftermath } from './aftermath.ts';
import { AttachmentTurns } from './attachment-turns.ts';
import { Attachments } from './attachments.ts';
import type { CoordinatorConfig } from './coordinator-config.ts';
import { GarbageCollection } from './garbage-collection.ts';
import type { HandlerContext } from './handlers/context.ts';
import { KeyedMutex } from './keyed-mutex.ts';
import type { LedgerSlot } from './ledger-slot.ts';
import { readBootId } from './netns.ts';
import { type MarkOutliving, OutlivingSweep } from './outliving-sweep.ts';
import { PodLiveness } from './pod-liveness.ts';
import { ReleaseRules } from './release-rules.ts';
import { Releases } from './releases.ts';
import { Sweep } from './sweep.ts';
import { TombstoneFiles } from './tombstone-files.ts';
import { Tombstones } from './tombstones.ts';

/** What the parts are made of. */
export interface NodePartsOptions<L extends Ledger> {
  readonly stateFolder: string;
  readonly cluster: Cluster;
  /** Empty. */
  readonly slot: LedgerSlot<L>;
  /** Whether the cluster tells of pods: without, every DEL frees. */
  readonly knowsPods: boolean;
  readonly enabledFamilies: EnabledFamilies;
  readonly releasesConflicts: boolean;
  /** Whether leaks are freed without being asked. @default true */
  readonly sweeps?: boolean;
  /** The original's debug metric too. @default false */
  readonly debugMetrics?: boolean;
  /** Where several nodes share the ledger. */
  readonly markOutliving?: MarkOutliving;
  readonly aftermath: Aftermath;
  readonly coordinator?: CoordinatorConfig;
  readonly problems: () => readonly string[];
  readonly log: Logger;
}

/** What every agent is made of, wired to each other. Nothing runs yet, and the ledger's slot is empty. */
export interface NodeParts<L extends Ledger> {
  /** What the handlers work with. */
  readonly context: HandlerContext;
  readonly slot: LedgerSlot<L>;
  readonly files: TombstoneFiles;
  readonly tombstones: Tombstones;
  readonly attachments: Attachments;
  readonly releases: Releases;
  readonly garbageCollection: GarbageCollection;
  readonly sweep: Sweep;
  readonly mutex: KeyedMutex;
}

/** Makes the parts, and the folder of the tombstones. */
export async function createNodeParts<L extends Ledger>(options: NodePartsOptions<L>): Promise<NodeParts<L>> {
  const { aftermath, cluster, enabledFamilies, knowsPods, log, markOutliving: mark, slot } = options;
  const { sweeps = true, debugMetrics = false } = options;
  const metrics = new AgentMetrics({ debug: debugMetrics, isReady: () => slot.problem === undefined });
  const mutex = new KeyedMutex();
  const turns = new AttachmentTurns(mutex, metrics);
  const ledger = slot;
  const bootId = readBootId();
  const files = new TombstoneFiles(join(options.stateFolder, tombstoneFolder));
  await files.prepare();
  const liveness = new PodLiveness(cluster, log);
  const rules = new ReleaseRules({ cluster, liveness: knowsPods ? liveness : undefined, aftermath, log });
  const tombstones = new Tombstones({ files, rules, mutex, metrics, log });
  const attachments = new Attachments({
    cluster,
    ledger,
    enabledFamilies,
    tombstones,
    turns,
    aftermath,
    log,
  });
  const releases = new Releases({ cluster, ledger, rules, tombstones, turns, aftermath, log });
  const garbageCollection = new GarbageCollection({ cluster, ledger, liveness, mutex, aftermath });
  const outliving = mark && new OutlivingSweep({ cluster, liveness, mutex, bootId, mark, log });
  const sweep = new Sweep({
    frees: sweeps,
    cluster,
    ledger,
    liveness,
    mutex,
    ...(outliving && { outliving }),
    bootId,
    aftermath,
    metrics,
    log,
  });
  const context: HandlerContext = {
    attachments,
    releases,
    garbageCollection,
    cluster,
    ledger,
    sweep,
    sweeps,
    aftermath,
    metrics,
    log,
    bootId,
    ...(options.coordinator && { coordinator: options.coordinator }),
    problems: options.problems,
    releasesConflicts: options.releasesConflicts,
  };
  return { context, slot, files, tombstones, attachments, releases, garbageCollection, sweep, mutex };
}
