import { CniCode, CniError } from './error.ts';
import type { CniVerb } from './request.ts';
import { type CniVersion, cniVersions } from './version.ts';

const introducedIn: Readonly<Record<CniVerb, CniVersion>> = {
  add: '0.3.0',
  del: '0.3.0',
  check: '0.4.0',
  gc: '1.1.0',
  status: '1.1.0',
};

/**
 * Refuses a verb that the configured version does not know yet.
 * @throws {CniError} code 1
 */
export function checkVerbVersion(verb: CniVerb, version: CniVersion): void {
  const since = introducedIn[verb];
  if (cniVersions.indexOf(version) >= cniVersions.indexOf(since)) return;
  throw new CniError(
    CniCode.incompatibleVersion,
    `config version does not allow ${verb.toUpperCase()}: cniVersion is ${version}, and ${since} or newer is needed`,
  );
}
