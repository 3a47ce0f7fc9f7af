import { CniCode, CniError } from './error.ts';
import { ifNameProblem } from './if-name.ts';
import type { CniEnvironment, CniVerb } from './request.ts';
import { quoteText } from './sanitize-text.ts';
import { storedTextMax, storedTextProblem } from './stored-text.ts';

/** The attachment that ADD, DEL and CHECK are about. */
export interface AttachmentParameters {
  readonly containerId: string;
  readonly ifName: string;
  /** Path of the network namespace; ADD and CHECK always have one. */
  readonly netns: string | undefined;
}

type Variable = keyof CniEnvironment;

/** CNI 1.1.0, section "Parameters", and what libcni's skel asks for beyond it (CNI_PATH). */
const required: Readonly<Record<CniVerb, readonly Variable[]>> = {
  add: ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME', 'CNI_PATH'],
  check: ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME', 'CNI_PATH'],
  del: ['CNI_CONTAINERID', 'CNI_IFNAME', 'CNI_PATH'],
  gc: ['CNI_PATH'],
  status: ['CNI_PATH'],
};

const containerIdPattern = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;

/**
 * Checks that every variable which the verb requires is set; all missing ones are reported together.
 * @throws {CniError} code 3 when the container id is set but empty, code 4 for the rest
 */
export function checkRequiredVariables(verb: CniVerb, env: CniEnvironment): void {
  const missing = required[verb].filter((name) => (env[name] ?? '') === '');
  if (missing.length === 0) return;
  if (missing.length === 1 && env.CNI_CONTAINERID === '') parseContainerId('');
  throw new CniError(
    CniCode.invalidEnvironment,
    `required env variables [${missing.join(',')}] missing for ${verb.toUpperCase()}`,
  );
}

/**
 * Checks the variables of ADD, DEL and CHECK. (GC and STATUS have no attachment: checkRequiredVariables is all.)
 * @throws {CniError} code 3 when the container id is empty, code 4 for everything else
 */
export function parseCniEnvironment(
  verb: 'add' | 'del' | 'check',
  env: CniEnvironment,
): AttachmentParameters {
  checkRequiredVariables(verb, env);
  return {
    containerId: parseContainerId(env.CNI_CONTAINERID ?? ''),
    ifName: parseIfName(env.CNI_IFNAME ?? ''),
    netns: parseNetns(env.CNI_NETNS ?? ''),
  };
}

function invalid(message: string): CniError {
  return new CniError(CniCode.invalidEnvironment, message);
}

/** @throws {CniError} code 3 when it is empty, else 4 */
export function parseContainerId(id: string): string {
  if (id === '') {
    throw new CniError(CniCode.unknownContainer, 'missing container id: CNI_CONTAINERID is empty');
  }
  if (!containerIdPattern.test(id)) {
    throw invalid(
      `invalid characters in CNI_CONTAINERID ${quoteText(id)}: it must start with a letter or digit, and have only letters, digits, _ . - after it`,
    );
  }
  const problem = storedTextProblem(id, storedTextMax.containerId);
  if (problem !== undefined) throw invalid(`CNI_CONTAINERID ${problem}`);
  return id;
}

/**
 * A NIC's name, checked.
 * @throws {CniError} code 4
 */
export function parseIfName(name: string): string {
  const problem = ifNameProblem(name);
  if (problem !== undefined) throw invalid(`CNI_IFNAME ${quoteText(name)} ${problem}`);
  return name;
}

/**
 * A network namespace's path, undefined when empty.
 * @throws {CniError} code 4
 */
export function parseNetns(path: string): string | undefined {
  if (path === '') return undefined;
  const problem = storedTextProblem(path, storedTextMax.netns);
  if (problem !== undefined) throw invalid(`CNI_NETNS ${quoteText(path)} ${problem}`);
  return path;
}
