import { fileURLToPath } from 'node:url';
import { untilAllowed } from './access-review.ts';
import type { AccountName, ControlPlane } from './control-plane.ts';
import { DaemonProcess } from './daemon-process.ts';

/** A rule of a role. */
export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

const executable = fileURLToPath(new URL('../../dist/spiderpool-controller.js', import.meta.url));
const rbac = '/apis/rbac.authorization.k8s.io/v1';

/** Starts `spiderpool-controller` with a command that ends by itself. */
export function startCommand(
  args: readonly string[],
  options: { readonly kubeconfig: string; readonly env?: Readonly<Record<string, string>> },
): DaemonProcess {
  const command = new DaemonProcess();
  const env = { ...process.env, SPIDERPOOL_POD_NAMESPACE: 'spiderpool', ...options.env };
  command.spawn([process.execPath, executable, ...args, '--kubeconfig', options.kubeconfig], env);
  return command;
}

/**
 * Makes an account with these rights and no others.
 *
 * @param local rules in its namespace alone
 * @returns path of its kubeconfig
 */
export async function accountWith(
  plane: ControlPlane,
  account: AccountName,
  rules: readonly Rule[],
  local: readonly Rule[] = [],
): Promise<string> {
  const { namespace, name } = account;
  await plane.createAccount(account);
  const apiGroup = 'rbac.authorization.k8s.io';
  const subjects = [{ kind: 'ServiceAccount', ...account }];
  for (const [kind, base, kindRules] of [
    ['Role', `${rbac}/namespaces/${namespace}/role`, local],
    ['ClusterRole', `${rbac}/clusterrole`, rules],
  ] as const) {
    await plane.ensure(`${base}s`, { metadata: { name }, rules: kindRules });
    await plane.ensure(`${base}bindings`, {
      metadata: { name },
      roleRef: { apiGroup, kind, name },
      subjects,
    });
  }
  for (const { apiGroups, resources, resourceNames, verbs } of rules) {
    const [group = ''] = apiGroups;
    const [resource = ''] = resources;
    const [verb = ''] = verbs;
    if (resourceNames === undefined) await untilAllowed(plane, account, { group, resource, verb });
  }
  return plane.kubeconfigFor(account);
}
