import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Logger } from '../../../src/log/logger.ts';
import { rest } from '../../process/rest.ts';
import type { CertificateProvider, ServingCertificate } from '../admission/serving-certificate.ts';
import { isKeyOf, isSignedBy, readCertificates, readPrivateKey } from './read-pem.ts';
import { ServedCertificate } from './served-certificate.ts';
import type { TrustSource } from './trust-source.ts';

/**
 * The files are read so often. They are a few kilobytes, and reading them sees every way in which they change: the kubelet swaps a link
 * to their folder, which a watch of the files would not tell.
 */
const pollMsDefault = 10_000;

/** Beside the certificate in Secrets of cert-manager and of Helm's genSignedCert: the authority that has signed it. */
const authorityFileName = 'ca.crt';

/** The given certificate can't be served. */
export class CertificateFileError extends Error {
  override readonly name = 'CertificateFileError';
  readonly code = 'CERTIFICATE_FILE';
}

export interface FileCertificateOptions {
  readonly log: Logger;
  /** PEM: the server's certificate, then those of the chain. */
  readonly certificateFile: string;
  /** PEM. */
  readonly keyFile: string;
  /** @default 10_000 */
  readonly pollMs?: number;
}

/**
 * The webhooks' certificate in files that somebody else renews. While new ones can't be used the ones of before are served. A file
 * `ca.crt` beside the certificate that has signed it is published with it.
 */
export class FileCertificate extends ServedCertificate implements CertificateProvider, TrustSource {
  /** Another replica may see newer files: kubelets bring them minutes apart. */
  readonly isComplete = false;
  readonly #options: FileCertificateOptions;
  #problem: string | undefined;

  /** @throws CertificateFileError when the files can't be used */
  constructor(options: FileCertificateOptions) {
    super();
    this.#options = options;
    const pair = readPair(options);
    this.take(pair, readTrust(options.certificateFile, pair));
  }

  /** Reads the files again from time to time, until the signal is aborted. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await rest(this.#options.pollMs ?? pollMsDefault, signal);
      if (!signal.aborted) this.#look();
    }
  }

  async refresh(): Promise<void> {
    this.#look();
  }

  #look(): void {
    const { log, certificateFile } = this.#options;
    let pair: ServingCertificate;
    try {
      pair = readPair(this.#options);
      this.#problem = undefined;
    } catch (error) {
      if (!(error instanceof CertificateFileError)) throw error;
      // A pair that is just being replaced is whole at the next look; one that stays broken is told once.
      if (this.#problem !== error.message) {
        log.error({ err: error }, 'the certificate can not be used, the one of before is served');
      }
      this.#problem = error.message;
      return;
    }
    if (this.take(pair, readTrust(certificateFile, pair))) {
      log.info({ certificateFile }, "the webhooks' certificate was renewed");
    }
  }
}

/** @throws CertificateFileError */
function readPair({ certificateFile, keyFile }: FileCertificateOptions): ServingCertificate {
  const cert = readText(certificateFile, '--tls-server-cert');
  const key = readText(keyFile, '--tls-server-key');
  const [leaf] = readCertificates(cert);
  if (leaf === undefined) throw new CertificateFileError(`${certificateFile} has no certificate in PEM`);
  const privateKey = readPrivateKey(key);
  if (privateKey === undefined) {
    throw new CertificateFileError(`${keyFile} has no private key in PEM without a passphrase`);
  }
  if (!isKeyOf(leaf, privateKey)) {
    throw new CertificateFileError(
      `the key in ${keyFile} does not belong to the certificate in ${certificateFile}`,
    );
  }
  return { cert, key };
}

/** @throws CertificateFileError */
function readText(path: string, option: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new CertificateFileError(
      `${option} ${path} can not be read: give a file that exists, or leave both options out to have a certificate made`,
      { cause: error },
    );
  }
}

/** The authorities beside the certificate, if one of them has signed it. */
function readTrust(certificateFile: string, { cert }: ServingCertificate): string | undefined {
  let pem: string;
  try {
    pem = readFileSync(join(dirname(certificateFile), authorityFileName), 'utf8');
  } catch {
    return undefined;
  }
  const authorities = readCertificates(pem);
  return readCertificates(cert).some((each) => isSignedBy(each, authorities)) ? pem : undefined;
}
