/** Who knows with which authorities the serving certificate is checked. */
export interface TrustSource {
  /** Certificates of the authorities, PEM; undefined while they are not known, or not ours to publish. */
  readonly trust: string | undefined;
  /**
   * Whether nobody else knows better. Otherwise another replica may have newer files already, so what is published besides stays
   * until it expires.
   */
  readonly isComplete: boolean;
  /** Calls the listener when {@link trust} may have changed. */
  onTrust(listener: () => void): void;
  /** Looks again whether it still holds, before something that others rely on is changed. @throws KubeError, or the signal's reason */
  refresh(signal: AbortSignal): Promise<void>;
}
