import { cniVersions, latestCniVersion } from './version.ts';

/** What VERSION prints (CNI 1.1.0, section "VERSION Success"). */
export interface VersionResponse {
  readonly cniVersion: string;
  readonly supportedVersions: readonly string[];
}

/**
 * Answers VERSION. `cniVersion` echoes the caller's when it is one of ours, else it is our newest: VERSION is how a
 * runtime finds out, so no input makes it fail.
 * @param config what stdin held, or undefined when it held nothing or no JSON
 */
export function versionResponse(config: unknown): VersionResponse {
  const asked = config instanceof Object && 'cniVersion' in config ? config.cniVersion : undefined;
  return {
    cniVersion: cniVersions.find((version) => version === asked) ?? latestCniVersion,
    supportedVersions: cniVersions,
  };
}
