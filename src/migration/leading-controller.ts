import { setTimeout as sleep } from 'node:timers/promises';
import { controllerLease } from '../api/names.ts';
import { parseMetadata } from '../cluster/kubernetes/object-metadata.ts';
import type { KubeApi } from '../kube/kube-api.ts';
import { parseLease } from '../kube/lease.ts';
import { kubeResources, resourcePath } from '../kube/resource-path.ts';
import { listPages } from './list-pages.ts';
import { MigrationError } from './migration-error.ts';

/** Leases of this name: one for each namespace in which a controller was ever installed. */
const pageLimit = 100;
/** A lease is watched for as long as it is good for, but no longer than this. */
const watchMsMax = 30_000;
const lookMs = 1_000;

/**
 * Makes sure that no controller is at work: a lease that somebody holds is watched for as long as it is good for, and must not be renewed.
 * The clocks of two machines are never compared.
 *
 * @throws MigrationError with code MIGRATION_CONTROLLER_LEADS; KubeError, or the signal's reason
 */
export async function refuseWhileControllerLeads(api: KubeApi, signal: AbortSignal): Promise<void> {
  const before = await heldLeases(api, signal);
  const watchMs = Math.min(
    Math.max(0, ...Array.from(before.values(), ({ goodForMs }) => goodForMs)),
    watchMsMax,
  );
  const untilMs = performance.now() + watchMs;
  while (before.size > 0 && performance.now() < untilMs) {
    await sleep(lookMs, undefined, { signal });
    for (const [namespace, { holder, renewTime }] of await heldLeases(api, signal)) {
      const seen = before.get(namespace);
      if (seen?.holder === holder && seen.renewTime === renewTime) continue;
      throw new MigrationError(
        'MIGRATION_CONTROLLER_LEADS',
        `a controller works (${holder} renews the lease ${namespace}/${controllerLease}) and would undo this: scale its Deployment to 0, wait until its pods are gone, and try again`,
      );
    }
  }
}

interface HeldLease {
  readonly holder: string;
  readonly renewTime: string;
  readonly goodForMs: number;
}

/** By namespace. */
async function heldLeases(api: KubeApi, signal: AbortSignal): Promise<Map<string, HeldLease>> {
  const held = new Map<string, HeldLease>();
  const path = resourcePath(kubeResources.leases);
  const fieldSelector = `metadata.name=${controllerLease}`;
  for await (const items of listPages(api, { path, limit: pageLimit, fieldSelector, signal })) {
    for (const item of items) {
      const { holder, renewTime, durationSeconds } = parseLease(item);
      if (holder === '') continue;
      held.set(parseMetadata(item).namespace, { holder, renewTime, goodForMs: durationSeconds * 1000 });
    }
  }
  return held;
}
