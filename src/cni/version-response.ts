import { cniVersions, latestCniVersion } from './version.ts';

/**
 * What VERSION prints (CNI 1.1.0, section "VERSION Success"). As in the reference plugins and the original, `cniVersion` is
 * the newest version and stdin is not read: VERSION is how a runtime finds out what it may send.
 */
export const versionResponse = { cniVersion: latestCniVersion, supportedVersions: cniVersions } as const;
