/** Orders the NICs of a pod: the first NIC first, then by name with numbers in their order. */
export function compareNics(a: string, b: string): number {
  const [first, second] = [a, b].map((nic) => (nic === 'eth0' ? 0 : 1));
  return (first ?? 0) - (second ?? 0) || a.localeCompare(b, 'en', { numeric: true });
}
