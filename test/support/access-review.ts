import { setTimeout as sleep } from 'node:timers/promises';
import type { AccountName, ControlPlane } from './control-plane.ts';

/** Something that a role allows. */
export interface ResourceAccess {
  /** Empty for the core group. */
  readonly group: string;
  /** Lower-case plural. */
  readonly resource: string;
  readonly verb: string;
  /** @default all namespaces */
  readonly namespace?: string | undefined;
}

/** It takes milliseconds; a loaded machine gets its time. */
const timeoutMs = 60_000;
const pollMs = 20;

/** Waits until a role that was just bound is in force: the API server learns of roles and bindings through watches of its own. */
export async function untilAllowed(
  plane: ControlPlane,
  account: AccountName,
  access: ResourceAccess,
): Promise<void> {
  const user = `system:serviceaccount:${account.namespace}:${account.name}`;
  const review = { spec: { user, resourceAttributes: access } };
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline) {
    const path = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
    const { body } = await plane.adminRequest('POST', path, review);
    if ((body as { status?: { allowed?: boolean } }).status?.allowed === true) return;
    await sleep(pollMs);
  }
  throw new Error(`${user} may still not ${access.verb} ${access.resource} after ${timeoutMs} ms`);
}
