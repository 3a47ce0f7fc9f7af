import { type ServiceAccountKeys, tokenIssuer } from './service-account-keys.ts';

/** Token with all rights. */
export const adminToken = 'administrator';
/** Sockets in its working folder, so that etcd needs no ports. It wants something like a host and a port. */
const etcdClientUrl = 'unix://localhost:1';
const etcdPeerUrl = 'unix://localhost:2';

/** One member without ports, in the working folder. */
export function etcdArguments(): readonly string[] {
  return [
    '--data-dir=etcd',
    // Nothing here outlives the machine.
    '--unsafe-no-fsync',
    '--log-level=warn',
    `--listen-client-urls=${etcdClientUrl}`,
    `--advertise-client-urls=${etcdClientUrl}`,
    `--listen-peer-urls=${etcdPeerUrl}`,
    `--initial-advertise-peer-urls=${etcdPeerUrl}`,
    `--initial-cluster=default=${etcdPeerUrl}`,
  ];
}

/** What a control plane's API server is started with. */
export interface ApiServerOptions {
  /** That it serves at, and tells of itself. */
  readonly address: string;
  readonly port: number;
  readonly keys: ServiceAccountKeys;
  /** Whether there are kubelets and a controller manager. */
  readonly hasNodes: boolean;
}

/** Relative to the folder that has `certs` and `tokens.csv`. */
export function apiServerArguments({ address, port, keys, hasNodes }: ApiServerOptions): readonly string[] {
  return [
    `--etcd-servers=${etcdClientUrl}`,
    `--bind-address=${address}`,
    `--advertise-address=${address}`,
    `--secure-port=${port}`,
    '--cert-dir=certs',
    '--token-auth-file=tokens.csv',
    `--service-account-key-file=${keys.publicFile}`,
    `--service-account-signing-key-file=${keys.privateFile}`,
    `--service-account-issuer=${tokenIssuer}`,
    '--service-cluster-ip-range=10.96.0.0/16',
    ...(hasNodes ? argumentsForNodes : argumentsWithoutNodes),
  ];
}

const argumentsWithoutNodes = [
  '--authorization-mode=RBAC',
  // Nobody makes the account "default" that it would ask of every pod.
  '--disable-admission-plugins=ServiceAccount',
  // It refuses to publish a loopback address.
  '--endpoint-reconciler-type=none',
] as const;

const argumentsForNodes = [
  '--authorization-mode=Node,RBAC',
  '--enable-admission-plugins=NodeRestriction',
  // The namespaces of tests have no name servers.
  '--kubelet-preferred-address-types=InternalIP',
] as const;

/** The API server's static token file: token, user, uid, groups. */
export function tokensText(nodes: readonly string[]): string {
  const kubelets = nodes.map((node) => `${kubeletToken(node)},system:node:${node},${node},system:nodes`);
  return `${[`${adminToken},administrator,administrator,system:masters`, ...kubelets].join('\n')}\n`;
}

/** Token of the kubelet of `node`, where {@link tokensText} was told of it. */
export function kubeletToken(node: string): string {
  return `kubelet-of-${node}`;
}
