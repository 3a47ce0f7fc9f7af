import { SocketAddress } from 'node:net';

/** A route of the main table, as `ip route` would list it. */
export interface KernelRoute {
  /** In CIDR notation; the default route is `0.0.0.0/0` or `::/0`. */
  readonly destination: string;
  /** Undefined: the destination is on the link. */
  readonly gateway: string | undefined;
  readonly nic: string;
  readonly metric: number;
}

/** Flags of linux/route.h and linux/ipv6_route.h. */
const flagUp = 0x1;
const flagGateway = 0x2;
const flagReject = 0x200;
const flagAnycast = 0x10_0000;
const flagLocal = 0x8000_0000;

/**
 * Reads `/proc/net/route`. Its words are in the machine's byte order: little-endian on every platform this project runs on.
 * @throws Error on text of another form
 */
export function parseIpv4Routes(text: string): readonly KernelRoute[] {
  return rows(text)
    .slice(1)
    .map((fields) => {
      const [nic, destination, gateway, flags, , , metric, mask] = fields;
      if (nic === undefined || destination === undefined || gateway === undefined || mask === undefined) {
        throw new Error(`not a line of /proc/net/route: ${fields.join(' ')}`);
      }
      return {
        flags: hexNumber(flags),
        route: {
          destination: `${ipv4Text(destination)}/${bitsSet(hexNumber(mask))}`,
          gateway: hexNumber(flags) & flagGateway ? ipv4Text(gateway) : undefined,
          nic,
          metric: Number(metric),
        },
      };
    })
    .filter(({ flags }) => (flags & flagUp) !== 0 && (flags & flagReject) === 0)
    .map(({ route }) => route);
}

/**
 * Reads `/proc/net/ipv6_route`, which mixes all tables: local, anycast, multicast and reject entries are left out.
 * @throws Error on text of another form
 */
export function parseIpv6Routes(text: string): readonly KernelRoute[] {
  return rows(text)
    .map((fields) => {
      const [destination, prefix, , , gateway, metric, , , flags, nic] = fields;
      if (nic === undefined || destination === undefined || gateway === undefined) {
        throw new Error(`not a line of /proc/net/ipv6_route: ${fields.join(' ')}`);
      }
      return {
        flags: hexNumber(flags),
        route: {
          destination: `${ipv6Text(destination)}/${hexNumber(prefix)}`,
          gateway: hexNumber(flags) & flagGateway ? ipv6Text(gateway) : undefined,
          nic,
          metric: hexNumber(metric),
        },
      };
    })
    .filter(({ flags, route }) => {
      const hidden = (flags & (flagReject | flagAnycast | flagLocal)) !== 0;
      return (flags & flagUp) !== 0 && !hidden && !route.destination.startsWith('ff');
    })
    .map(({ route }) => route);
}

function rows(text: string): readonly (readonly string[])[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => line.trim().split(/\s+/));
}

function hexNumber(text: string | undefined): number {
  if (text === undefined || !/^[0-9a-fA-F]{1,8}$/.test(text))
    throw new Error(`not a hexadecimal number: ${text}`);
  return Number.parseInt(text, 16);
}

function ipv4Text(littleEndianHex: string): string {
  const value = hexNumber(littleEndianHex);
  return [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff).join('.');
}

function ipv6Text(hex: string): string {
  const groups = /^[0-9a-f]{32}$/.test(hex) ? hex.match(/.{4}/g) : null;
  if (groups === null) throw new Error(`not an IPv6 address: ${hex}`);
  return new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address;
}

function bitsSet(value: number): number {
  return value.toString(2).replaceAll('0', '').length;
}
