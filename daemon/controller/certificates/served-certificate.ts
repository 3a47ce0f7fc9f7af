import { EventEmitter } from 'node:events';
import type { ServingCertificate } from '../admission/serving-certificate.ts';

/** A certificate that is served, and the authorities that are to be trusted for it; tells of changes of both. Where they come from is its heirs' business. */
export abstract class ServedCertificate {
  readonly #changes = new EventEmitter<{ certificate: [ServingCertificate]; trust: [] }>();
  #current: ServingCertificate | undefined;
  #trust: string | undefined;

  get current(): ServingCertificate | undefined {
    return this.#current;
  }

  /** Certificates in PEM; undefined when it is not known whom to trust. */
  get trust(): string | undefined {
    return this.#trust;
  }

  onChange(listener: (certificate: ServingCertificate) => void): void {
    this.#changes.on('certificate', listener);
  }

  onTrust(listener: () => void): void {
    this.#changes.on('trust', listener);
  }

  /** @returns whether it is another certificate than before */
  protected take({ cert, key }: ServingCertificate, trust: string | undefined): boolean {
    const certificate = { cert, key };
    const isNew = this.#current?.cert !== cert || this.#current.key !== key;
    this.#current = certificate;
    // Before the certificate is served: it may be signed by what is new in the trust.
    if (this.#trust !== trust) {
      this.#trust = trust;
      this.#changes.emit('trust');
    }
    if (isNew) this.#changes.emit('certificate', certificate);
    return isNew;
  }
}
