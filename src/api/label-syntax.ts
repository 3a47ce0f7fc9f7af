import { quote } from './quote.ts';

const namePattern = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const subdomainPattern = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** RFC 1123, section 2.1, as Kubernetes limits names of objects. */
const subdomainLengthMax = 253;
/** Kubernetes' limit for a label's value and for the name part of its key. */
const labelPartLengthMax = 63;

/** Whether a text is a DNS-1123 subdomain of at most 253 characters: what Kubernetes takes as an object's name. */
export function isDnsSubdomain(text: string): boolean {
  return text.length <= subdomainLengthMax && subdomainPattern.test(text);
}

/** What is wrong with a label's key (`[prefix/]name`), or undefined. Kubernetes: IsQualifiedName. */
export function labelKeyProblem(key: string): string | undefined {
  const slash = key.indexOf('/');
  const prefix = slash < 0 ? undefined : key.slice(0, slash);
  const name = key.slice(slash + 1);
  if (prefix !== undefined && !isDnsSubdomain(prefix)) {
    return `label key ${quote(key)} has a bad prefix: before "/" write a domain name in small letters, such as example.com`;
  }
  if (name.length > labelPartLengthMax || !namePattern.test(name)) {
    return `label key ${quote(key)} is not valid: write 1 to 63 letters, digits, "-", "_" or ".", a letter or digit first and last`;
  }
  return undefined;
}

/** What is wrong with a label's value, or undefined. Kubernetes: IsValidLabelValue; an empty value is valid. */
export function labelValueProblem(value: string): string | undefined {
  if (value === '' || (value.length <= labelPartLengthMax && namePattern.test(value))) return undefined;
  return `label value ${quote(value)} is not valid: write at most 63 letters, digits, "-", "_" or ".", a letter or digit first and last`;
}
