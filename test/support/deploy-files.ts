import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { loadAll } from 'js-yaml';
import { untilAllowed } from './access-review.ts';
import type { AccountName, ControlPlane } from './control-plane.ts';

/** What is read of a manifest. */
interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly roleRef?: { readonly apiGroup: string; readonly kind: string; readonly name: string };
  readonly subjects?: readonly { readonly kind: string; readonly name: string }[];
  readonly rules?: readonly RoleRule[];
  readonly spec?: CrdSpec;
}

interface RoleRule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly verbs: readonly string[];
}

interface CrdSpec {
  readonly group: string;
  readonly names: { readonly plural: string };
  readonly versions: readonly { readonly name: string }[];
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const rbac = '/apis/rbac.authorization.k8s.io/v1';
const admission = '/apis/admissionregistration.k8s.io/v1';
const admissionPlurals: Readonly<Record<string, string>> = {
  ValidatingAdmissionPolicy: 'validatingadmissionpolicies',
  ValidatingAdmissionPolicyBinding: 'validatingadmissionpolicybindings',
};
/** Policy of `deploy/manifests`. */
const keepRecords = 'spiderpool-keep-records';
/** They are served within a second; a loaded machine gets its time. */
const establishTimeoutMs = 60_000;
const pollMs = 50;

/** Creates the CustomResourceDefinitions of `deploy/chart/crds` and waits until their objects can be listed. */
export async function createCrds(plane: ControlPlane): Promise<void> {
  const crds = await readManifests('deploy/chart/crds/*.yaml');
  await Promise.all(
    crds.map(async (crd) => plane.ensure('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', crd)),
  );
  await Promise.all(
    crds.map(async ({ spec }) => {
      if (spec === undefined) throw new Error('deploy/chart/crds holds something else than definitions');
      for (const { name } of spec.versions) {
        await untilServed(plane, `/apis/${spec.group}/${name}/${spec.names.plural}`);
      }
    }),
  );
}

/** A ServiceAccount of `deploy/manifests`. */
export type DeployedAccount = 'spiderpool-agent' | 'spiderpool-controller';

/**
 * Binds to `account` every role that `deploy/manifests` binds to `deployed`, and waits until they are in force.
 * @throws Error when there is none
 */
export async function bindRoles(
  plane: ControlPlane,
  account: AccountName,
  deployed: DeployedAccount,
): Promise<void> {
  const manifests = await readManifests('deploy/manifests/**/*.yaml');
  const bindings = manifests.filter(
    ({ kind, subjects }) =>
      kind.endsWith('RoleBinding') && subjects?.some(({ name }) => name === deployed) === true,
  );
  if (bindings.length === 0) throw new Error(`deploy/manifests binds no role to ${deployed}`);
  for (const { apiVersion, kind, metadata, roleRef } of bindings) {
    const role = manifests.find(
      (each) =>
        each.kind === roleRef?.kind &&
        each.metadata.name === roleRef.name &&
        (each.kind === 'ClusterRole' || each.metadata.namespace === metadata.namespace),
    );
    if (role === undefined) throw new Error(`deploy/manifests has no ${roleRef?.kind} ${roleRef?.name}`);
    if (metadata.namespace !== undefined) {
      await plane.ensure('/api/v1/namespaces', { metadata: { name: metadata.namespace } });
    }
    await plane.ensure(rbacPath(role), role);
    const name = `${metadata.name}-${account.namespace}-${account.name}`;
    const subjects = [{ kind: 'ServiceAccount', ...account }];
    const binding = { apiVersion, kind, metadata: { ...metadata, name }, roleRef, subjects };
    await plane.ensure(rbacPath(binding), binding);
    const [rule] = role.rules ?? [];
    const [group = ''] = rule?.apiGroups ?? [];
    const [resource = ''] = rule?.resources ?? [];
    const [verb = ''] = rule?.verbs ?? [];
    await untilAllowed(plane, account, { group, resource, verb, namespace: metadata.namespace });
  }
}

/** Creates the ValidatingAdmissionPolicies of `deploy/manifests` with their bindings, and waits until they are in force. */
export async function applyPolicies(plane: ControlPlane): Promise<void> {
  const manifests = await readManifests('deploy/manifests/**/*.yaml');
  const ofPolicies = manifests.filter(({ kind }) => kind in admissionPlurals);
  // That which can be asked for comes last: what it knows of was made before.
  const isAsked = ({ metadata }: Manifest): number => Number(metadata.name === keepRecords);
  for (const manifest of ofPolicies.toSorted((a, b) => isAsked(a) - isAsked(b))) {
    await plane.ensure(`${admission}/${admissionPlurals[manifest.kind]}`, manifest);
  }
  await untilDeletable(plane, false);
}

/** Takes the policy out of force that keeps blocks with records from being deleted. */
export async function allowDeletionOfRecords(plane: ControlPlane): Promise<void> {
  await plane.adminRequest('DELETE', `${admission}/validatingadmissionpolicybindings/${keepRecords}`);
  await untilDeletable(plane, true);
}

/** Waits until a block with a record may be deleted, or may not. */
async function untilDeletable(plane: ControlPlane, isWanted: boolean): Promise<void> {
  const blocks = '/apis/spiderpool.spidernet.io/v2beta1/spideripblocks';
  // Nobody takes it for a block: its name is none.
  const name = 'probe-of-policies';
  const probe = (slot: object): object => ({
    apiVersion: 'spiderpool.spidernet.io/v2beta1',
    kind: 'SpiderIPBlock',
    metadata: { name },
    spec: { base: '::', range: '::', slots: [slot, ...Array.from({ length: 63 }, () => ({}))] },
  });
  await plane.ensure(blocks, probe({ pool: 'probe' }));
  const deadline = performance.now() + establishTimeoutMs;
  for (let isDeletable = !isWanted; isDeletable !== isWanted; await sleep(pollMs)) {
    const dryRun = { query: { dryRun: 'All' } };
    const { status, text } = await plane.adminRequest('DELETE', `${blocks}/${name}`, undefined, dryRun);
    if (status !== 200 && status !== 403) throw new Error(`DELETE of a block: ${status} ${text}`);
    isDeletable = status === 200;
    if (performance.now() > deadline) throw new Error(`the policy ${keepRecords} is not as it should be`);
  }
  await plane.adminRequest('PATCH', `${blocks}/${name}`, probe({}));
  await plane.adminRequest('DELETE', `${blocks}/${name}`);
}

function rbacPath({ kind, metadata }: Pick<Manifest, 'kind' | 'metadata'>): string {
  const plural = `${kind.toLowerCase()}s`;
  return metadata.namespace === undefined
    ? `${rbac}/${plural}`
    : `${rbac}/namespaces/${metadata.namespace}/${plural}`;
}

async function readManifests(pattern: string): Promise<readonly Manifest[]> {
  const documents: Manifest[] = [];
  for (const path of globSync(pattern, { cwd: root }).sort()) {
    for (const document of loadAll(await readFile(join(root, path), 'utf8'))) {
      if (document !== null) documents.push(document as Manifest);
    }
  }
  return documents;
}

async function untilServed(plane: ControlPlane, path: string): Promise<void> {
  const deadline = performance.now() + establishTimeoutMs;
  let status = 0;
  while (performance.now() < deadline) {
    ({ status } = await plane.adminRequest('GET', path, undefined, { query: { limit: '1' } }));
    if (status === 200) return;
    await sleep(pollMs);
  }
  throw new Error(`GET ${path}: still ${status} after ${establishTimeoutMs} ms`);
}
