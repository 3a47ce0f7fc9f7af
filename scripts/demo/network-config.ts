/** A CNI network whose addresses come from Spiderpool. */
export interface NetworkOptions {
  readonly name: string;
  /** The main plugin with its own keys: `type`, and `bridge` or `master`. */
  readonly main: { readonly type: string } & Readonly<Record<string, unknown>>;
  readonly socketPath: string;
  /** Names of pools in the order in which they are tried. */
  readonly ipv4Pools: readonly string[];
  readonly ipv6Pools: readonly string[];
  /** Leave out the default route. @default false */
  readonly cleanGateway?: boolean;
}

/** A network configuration as a container runtime gives it to the main plugin (CNI 1.1.0, section "Execution"). */
export interface NetworkConfig {
  readonly cniVersion: string;
  readonly name: string;
  readonly type: string;
  readonly ipam: Readonly<Record<string, unknown>>;
}

/** @returns the configuration, with nothing in it that is not needed */
export function networkConfig(options: NetworkOptions): NetworkConfig {
  return {
    cniVersion: '1.1.0',
    name: options.name,
    ...options.main,
    ipam: {
      type: 'spiderpool',
      ipam_unix_socket_path: options.socketPath,
      default_ipv4_ippool: options.ipv4Pools,
      default_ipv6_ippool: options.ipv6Pools,
      ...(options.cleanGateway === true && { clean_gateway: true }),
    },
  };
}

/** JSON for a person: a line for each key of the object and of `ipam`, what is deeper on one line. */
export function formatConfig(config: NetworkConfig): string {
  const { ipam, ...rest } = config;
  const outer = Object.entries(rest).map(([key, value]) => `  ${pair(key, value)},`);
  const inner = Object.entries(ipam).map(([key, value]) => `    ${pair(key, value)}`);
  return ['{', ...outer, '  "ipam": {', inner.join(',\n'), '  }', '}'].join('\n');
}

function pair(key: string, value: unknown): string {
  return `${JSON.stringify(key)}: ${JSON.stringify(value)}`;
}
