/** The certificate with its chain and the private key, in PEM, with which the webhooks are served. */
export interface ServingCertificate {
  readonly cert: string;
  readonly key: string;
}

/** Who has the serving certificate: it may come after the start, and it may be renewed at any time. */
export interface CertificateProvider {
  /** Undefined until there is a first certificate. */
  readonly current: ServingCertificate | undefined;
  /** The listener hears of the first certificate, if there is none yet, and of every later one. */
  onChange(listener: (certificate: ServingCertificate) => void): void;
}
