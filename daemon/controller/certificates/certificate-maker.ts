import { createPrivateKey, KeyObject, webcrypto } from 'node:crypto';
import type { ServingCertificate } from '../admission/serving-certificate.ts';

const dayMs = 24 * 3_600_000;
const authorityLifeMs = 10 * 365 * dayMs;
const serverLifeMs = 365 * dayMs;

/** Certificates begin so long before they are made: whoever checks them has a clock of its own. */
export const backdatedMs = 3_600_000;

/** Every TLS implementation knows it, and a key is made in a millisecond. */
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** Common names of authorities begin so: who cleans up knows by it whose a certificate is. */
export const authorityNamePrefix = 'spiderpool webhooks CA ';

/** What a server certificate is good for. */
export interface ServerNames {
  readonly dns: readonly string[];
  readonly ip: readonly string[];
}

/** Makes a certificate authority that signs itself, good for ten years. */
export async function makeAuthority(nowMs: number): Promise<ServingCertificate> {
  const x509 = await loadX509();
  const keys = await generateKeys();
  const { keyCertSign, cRLSign } = x509.KeyUsageFlags;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    // The date tells two of them apart, for people.
    name: [{ CN: [`${authorityNamePrefix}${new Date(nowMs).toISOString().slice(0, 10)}`] }],
    ...validity(nowMs, authorityLifeMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(keyCertSign | cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: `${certificate.toString('pem')}\n`, key: exportKey(keys.privateKey) };
}

/** Makes a server certificate that the authority signs, good for a year. */
export async function makeServerCertificate(
  authority: ServingCertificate,
  names: ServerNames,
  nowMs: number,
): Promise<ServingCertificate> {
  const x509 = await loadX509();
  const keys = await generateKeys();
  const issuer = new x509.X509Certificate(authority.cert);
  const { digitalSignature } = x509.KeyUsageFlags;
  const certificate = await x509.X509CertificateGenerator.create({
    subject: [{ CN: ['spiderpool webhooks'] }],
    issuer: issuer.subject,
    ...validity(nowMs, serverLifeMs),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey: createPrivateKey(authority.key).toCryptoKey(algorithm, false, ['sign']),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([
        ...names.dns.map((value) => ({ type: 'dns' as const, value })),
        ...names.ip.map((value) => ({ type: 'ip' as const, value })),
      ]),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return { cert: `${certificate.toString('pem')}\n`, key: exportKey(keys.privateKey) };
}

/**
 * Loads the library when something is to be made, which happens twice a year: it costs memory that a controller at rest does not need.
 * Its container for dependencies refuses to load without `reflect-metadata`, of which it asks only what was noted about the constructors of
 * classes; nothing is, and an answer of nothing does.
 */
async function loadX509() {
  if (!('getMetadata' in Reflect)) {
    Object.assign(Reflect, { getMetadata: nothing, getOwnMetadata: nothing, defineMetadata: nothing });
  }
  return import('@peculiar/x509');
}

function nothing(): undefined {
  return undefined;
}

async function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

function exportKey(key: webcrypto.CryptoKey): string {
  return KeyObject.from(key).export({ type: 'pkcs8', format: 'pem' }).toString();
}

function validity(nowMs: number, lifeMs: number) {
  return { notBefore: new Date(nowMs - backdatedMs), notAfter: new Date(nowMs + lifeMs) };
}
