// oxlint-disable-next-line no-control-regex -- finding control characters is the purpose
const controlCharacter = /[\u0000-\u001f\u007f-\u009f]/;

/** Where the agent listens unless the configuration says otherwise. */
export const defaultSocketPath = '/var/run/spidernet/spiderpool.sock';

/** Where the plugin logs unless the configuration says otherwise. */
export const defaultLogPath = '/var/log/spidernet/spiderpool.log';

/** The only folder below which the plugin writes a log file. */
export const logRoot = '/var/log';

/** `sun_path` of a unix socket has 108 bytes, the last one zero (unix(7)). */
const socketPathBytesMax = 107;

/** PATH_MAX less the final zero byte. */
const pathLengthMax = 4095;

function pathProblem(path: string): string | undefined {
  if (!path.startsWith('/')) return 'must be an absolute path';
  if (controlCharacter.test(path)) return 'must not contain control characters';
  return path.length > pathLengthMax ? `must not be longer than ${pathLengthMax} characters` : undefined;
}

/** Why `ipam.ipam_unix_socket_path` can't be used, judged by its text alone; undefined when it can. */
export function socketPathProblem(path: string): string | undefined {
  const problem = pathProblem(path);
  if (problem !== undefined) return problem;
  return new TextEncoder().encode(path).length > socketPathBytesMax
    ? `must not be longer than ${socketPathBytesMax} bytes: a unix socket has no room for more`
    : undefined;
}

/**
 * Why `ipam.log_file_path` is refused, judged by its text alone; undefined when it is fine. A network configuration must
 * not make root write outside of the log folder.
 */
export function logPathProblem(path: string): string | undefined {
  const problem = pathProblem(path);
  if (problem !== undefined) return problem;
  const inside = path.startsWith(`${logRoot}/`) && !path.endsWith('/');
  const steps = path.split('/').slice(1);
  return inside && steps.every((step) => step !== '' && step !== '.' && step !== '..')
    ? undefined
    : `must name a file below ${logRoot}, such as ${defaultLogPath}, without . or .. in between`;
}
