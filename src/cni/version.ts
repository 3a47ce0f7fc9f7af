import { CniCode, CniError } from './error.ts';
import { quoteText } from './sanitize-text.ts';

/** The versions of the CNI specification that this project speaks, oldest first. */
export const cniVersions = ['0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'] as const;

/** One of {@link cniVersions}. */
export type CniVersion = (typeof cniVersions)[number];

/** The newest version, used wherever the caller's is not known. */
export const latestCniVersion: CniVersion = '1.1.0';

/**
 * The configured version. Missing and empty mean "0.1.0" (CNI 0.2.0 and older had no such key), which is not supported.
 * @throws {CniError} code 1, with the configured and the supported versions in `details`
 */
export function parseCniVersion(configured: string | undefined): CniVersion {
  const version = configured === undefined || configured === '' ? '0.1.0' : configured;
  const known = cniVersions.find((v) => v === version);
  if (known !== undefined) return known;
  const isMissing = configured === undefined || configured === '';
  const what = isMissing ? 'cniVersion is missing, which means "0.1.0"' : 'incompatible CNI versions';
  throw new CniError(CniCode.incompatibleVersion, `${what}: write "cniVersion": "${latestCniVersion}"`, {
    details: `config is ${quoteText(version)}, plugin supports ${JSON.stringify(cniVersions)}`,
  });
}
