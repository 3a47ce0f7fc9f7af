import type { X509Certificate } from 'node:crypto';
import type { ServingCertificate } from '../admission/serving-certificate.ts';
import { backdatedMs, makeAuthority, makeServerCertificate, type ServerNames } from './certificate-maker.ts';
import { isKeyOf, isSignedBy, readCertificates, readPrivateKey } from './read-pem.ts';

/** Renewed when so much of its life is over: what is left is time to find out why it was not. */
const renewedAtPart = 2 / 3;

/**
 * A new authority signs nothing before it was published so long: whoever checks a certificate must have heard of its authority by
 * then. Bundles are published within a minute, and an API server that is away may take longer.
 */
const settledMs = 3_600_000;

/** Authorities in a bundle, the newest first: there are two at most, unless somebody makes them again and again. */
const authoritiesMax = 4;

/** What the controllers share: the serving certificate, and the authorities with which it is checked. All PEM. */
export interface CertificateSet {
  readonly server: ServingCertificate;
  /** The authority that signs, then those of before that have not expired. */
  readonly bundle: string;
  /** Private key of the authority that signs. */
  readonly authorityKey: string;
}

/** What a stored set is worth at a time. */
export interface Judgement {
  /** The authority that may sign now; undefined when there is none. */
  readonly authority: ServingCertificate | undefined;
  /** The authorities that have not expired, the newest first, PEM. */
  readonly bundle: string;
  /** The certificate that may be served now; undefined when there is none. */
  readonly server: ServingCertificate | undefined;
  readonly needsAuthority: boolean;
  readonly needsServer: boolean;
  /** Why something is to be made or left out, in words; undefined when the set may stay as it is. */
  readonly reason: string | undefined;
}

/** Judges a set that may be missing in part, be garbled, or be somebody else's. */
export function judgeSet(set: CertificateSet, names: ServerNames, nowMs: number): Judgement {
  const stored = readCertificates(set.bundle);
  const authorities = stored.filter((each) => each.ca && each.validToDate.getTime() > nowMs);
  const [first] = authorities;
  const isUsable =
    first !== undefined && isValidAt(first, nowMs) && isKeyOf(first, readPrivateKey(set.authorityKey));
  const authority = isUsable ? { cert: pemOf(first), key: set.authorityKey } : undefined;
  const needsAuthority = !isUsable || isDue(first, nowMs);
  const [leaf] = readCertificates(set.server.cert);
  const fault = serverFault(leaf, set.server, authorities, names, nowMs);
  const isRenewed = leaf !== undefined && isUsable && isDue(leaf, nowMs) && isSettled(first, nowMs);
  const reasons = [
    ...(isUsable ? [] : ['no authority that can sign']),
    ...(isUsable && needsAuthority ? ['the authority is to be renewed'] : []),
    ...(fault === undefined ? [] : [fault]),
    ...(isRenewed ? ['the server certificate is to be renewed'] : []),
    ...(stored.length > authorities.length ? ['an authority has expired'] : []),
  ];
  return {
    authority,
    bundle: authorities.map(pemOf).join(''),
    server: fault === undefined ? set.server : undefined,
    needsAuthority,
    needsServer: fault !== undefined || isRenewed,
    reason: reasons.length === 0 ? undefined : reasons.join(', '),
  };
}

/** Makes what a set lacks, and keeps the rest. */
export async function renewSet(
  set: CertificateSet,
  judgement: Judgement,
  names: ServerNames,
  nowMs: number,
): Promise<CertificateSet> {
  const { authority, needsAuthority, needsServer } = judgement;
  const signing = needsAuthority || authority === undefined ? await makeAuthority(nowMs) : authority;
  const bundle = readCertificates(`${needsAuthority ? signing.cert : ''}${judgement.bundle}`);
  return {
    // The authority of before is known everywhere; a new one signs the next certificate.
    server: needsServer ? await makeServerCertificate(authority ?? signing, names, nowMs) : set.server,
    bundle: bundle.slice(0, authoritiesMax).map(pemOf).join(''),
    authorityKey: signing.key,
  };
}

/** @returns why it can't be served */
function serverFault(
  leaf: X509Certificate | undefined,
  server: ServingCertificate,
  authorities: readonly X509Certificate[],
  names: ServerNames,
  nowMs: number,
): string | undefined {
  if (leaf === undefined) return 'no server certificate';
  if (!isKeyOf(leaf, readPrivateKey(server.key))) return 'the server certificate has not its key';
  if (!isValidAt(leaf, nowMs)) return 'the server certificate is not valid now';
  if (!isSignedBy(leaf, authorities)) return 'no authority has signed the server certificate';
  const hasNames =
    names.dns.every((name) => leaf.checkHost(name) !== undefined) &&
    names.ip.every((address) => leaf.checkIP(address) !== undefined);
  return hasNames ? undefined : 'the server certificate has other names';
}

function isValidAt({ validFromDate, validToDate }: X509Certificate, nowMs: number): boolean {
  return validFromDate.getTime() <= nowMs && nowMs < validToDate.getTime();
}

function isDue({ validFromDate, validToDate }: X509Certificate, nowMs: number): boolean {
  const fromMs = validFromDate.getTime();
  return nowMs >= fromMs + renewedAtPart * (validToDate.getTime() - fromMs);
}

function isSettled({ validFromDate }: X509Certificate, nowMs: number): boolean {
  return nowMs >= validFromDate.getTime() + backdatedMs + settledMs;
}

function pemOf(certificate: X509Certificate): string {
  const text = certificate.toString();
  return text.endsWith('\n') ? text : `${text}\n`;
}
