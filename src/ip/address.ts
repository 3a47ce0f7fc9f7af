/** An address family as Kubernetes and the CNI specification number it. */
export type Family = 4 | 6;

/** An IPv4 address as an integer from 0 to 2^32 - 1. */
export type Ipv4 = number;

/** An IPv6 address as an integer from 0 to 2^128 - 1. */
export type Ipv6 = bigint;

/**
 * An address of either family. The JavaScript type tells the family: a number is IPv4, a bigint IPv6, so
 * `::1` and `0.0.0.1` are never equal.
 */
export type Address = Ipv4 | Ipv6;
