import { formatTable } from '../../src/cli/table.ts';
import { allocationsSchema } from '../../src/wire/shapes.ts';
import type { NicState } from '../../test/support/network-state.ts';
import type { KernelRoute } from '../../test/support/proc-routes.ts';
import type { Pod } from './pod.ts';
import type { Story } from './story.ts';
import type { Subnet } from './subnets.ts';

/** What a NIC is expected to have. */
export interface ExpectedNic {
  readonly nic: string;
  /** Pools that its addresses come from, IPv4 first. */
  readonly pools: readonly string[];
  readonly subnets: readonly Subnet[];
  /** Whether there is a default route through each subnet's gateway. @default true */
  readonly defaultRoute?: boolean;
}

/**
 * Shows addresses and routes of a pod as the kernel has them, and holds them against the CNI results, the agent's records and
 * what is expected.
 * @throws DemoError
 */
export async function describePod(story: Story, pod: Pod, expected: readonly ExpectedNic[]): Promise<void> {
  const { narrator, ctl } = story;
  const { nics, routes } = await pod.readState();
  narrator.block(stateTable(pod, nics, routes));
  const { allocations } = await ctl.read(['allocations', '--uid', `uid-of-${pod.name}`], allocationsSchema);
  const prefixLengths = new Map(
    nics.flatMap((nic) => nic.addresses.map((text) => text.split('/', 2))).map(([a = '', n = '']) => [a, n]),
  );
  narrator.claim(
    `${pod.name}: kernel, CNI result and the agent's records agree, and no route is missing or too many`,
    {
      kernel: sorted(nics.flatMap(({ name, addresses }) => addresses.map((address) => `${name} ${address}`))),
      agent: sorted(
        allocations.map(
          ({ nic, address, pool }) => `${nic} ${address}/${prefixLengths.get(address)} of ${pool}`,
        ),
      ),
      routes: sorted(routes.map(routeText)),
    },
    {
      kernel: sorted(
        pod.attachments.flatMap(({ nic, addresses }) => addresses.map((text) => `${nic} ${text}`)),
      ),
      agent: sorted(expected.flatMap((one) => expectedRecords(pod, one))),
      routes: sorted(expected.flatMap(expectedRoutes)),
    },
  );
}

function stateTable(pod: Pod, nics: readonly NicState[], routes: readonly KernelRoute[]): string {
  const rows = nics.flatMap(({ name, addresses }) =>
    addresses.map((address) => {
      const isV6 = address.includes(':');
      const own = routes.filter(({ nic, destination }) => nic === name && destination.includes(':') === isV6);
      return [pod.name, name, address, own.map(shortRoute).sort(defaultFirst).join(', ')];
    }),
  );
  const columns = ['POD', 'NIC', 'ADDRESS', 'ROUTES'].map((title) => ({ title }));
  return formatTable(columns, rows, { header: false });
}

function shortRoute({ destination, gateway }: KernelRoute): string {
  const target = destination === '0.0.0.0/0' || destination === '::/0' ? 'default' : destination;
  return gateway === undefined ? `${target} on the link` : `${target} via ${gateway}`;
}

function defaultFirst(a: string, b: string): number {
  return Number(b.startsWith('default')) - Number(a.startsWith('default'));
}

function routeText({
  destination,
  gateway,
  nic,
}: Pick<KernelRoute, 'destination' | 'gateway' | 'nic'>): string {
  return `${nic}: ${destination} ${gateway === undefined ? 'on the link' : `via ${gateway}`}`;
}

function expectedRecords(pod: Pod, { nic, pools, subnets }: ExpectedNic): readonly string[] {
  return pools.map((pool, index) => {
    const prefixLength = subnets[index]?.cidr.split('/')[1];
    return `${nic} ${pod.address(index === 0 ? 4 : 6, nic)}/${prefixLength} of ${pool}`;
  });
}

function expectedRoutes({ nic, subnets, defaultRoute = true }: ExpectedNic): readonly string[] {
  return subnets.flatMap(({ cidr, gateway }) => [
    routeText({ nic, destination: cidr, gateway: undefined }),
    ...(defaultRoute
      ? [routeText({ nic, destination: gateway.includes(':') ? '::/0' : '0.0.0.0/0', gateway })]
      : []),
  ]);
}

function sorted(texts: readonly string[]): readonly string[] {
  return [...texts].sort();
}
