import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';

const certificateBlock = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** A bundle or chain is a handful; more would cost time at every check. */
const certificatesMax = 64;

/** The certificates in a text, in their order. What can't be read is left out. */
export function readCertificates(pem: string): readonly X509Certificate[] {
  const blocks = pem.match(certificateBlock) ?? [];
  return blocks.slice(0, certificatesMax).flatMap((block) => {
    try {
      return [new X509Certificate(block)];
    } catch {
      return [];
    }
  });
}

/** The private key in a text; undefined when it can't be read. */
export function readPrivateKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}

/** Whether the key is the certificate's own. */
export function isKeyOf(certificate: X509Certificate, key: KeyObject | undefined): boolean {
  return key !== undefined && certificate.checkPrivateKey(key);
}

/** Whether one of the authorities has signed the certificate. */
export function isSignedBy(certificate: X509Certificate, authorities: readonly X509Certificate[]): boolean {
  return authorities.some(
    (authority) => certificate.checkIssued(authority) && certificate.verify(authority.publicKey),
  );
}
