/** Names of pods and nodes (RFC 1123 subdomain, Kubernetes "Object Names and IDs"). */
const subdomainPattern = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;
/** Names of namespaces (RFC 1123 label). */
const labelPattern = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** Whether a pod can have this name. Of another, written by hand into a record, nothing need be asked: no API server has it. */
export function isPodName(namespace: string, name: string): boolean {
  return labelPattern.test(namespace) && subdomainPattern.test(name);
}

/** Whether a node can have this name. */
export function isNodeName(name: string): boolean {
  return subdomainPattern.test(name);
}
