import type { Address } from '../ip/address.ts';
import { parseAddress } from '../ip/address.ts';
import { CniCode, CniError } from './error.ts';
import { quoteText } from './sanitize-text.ts';
import { storedTextMax, storedTextProblem } from './stored-text.ts';

/** What CNI_ARGS says; a key that is missing or empty is undefined. */
export interface CniArgs {
  /** `IP`: the address that the caller insists on. */
  readonly ip?: Address;
  readonly podNamespace?: string;
  readonly podName?: string;
  readonly podUid?: string;
  /** Container id of the sandbox, as Kubernetes' runtimes repeat it here. */
  readonly infraContainerId?: string;
}

/** What could be read of CNI_ARGS, and what was wrong with the rest. */
export interface LenientCniArgs {
  readonly args: CniArgs;
  readonly problems: readonly CniError[];
}

/** Whole CNI_ARGS; Kubernetes' has about 250 characters. Bounds the work and the messages. */
const lengthMax = 16 * 1024;

/** Problems that are kept; the first one is what the caller is told. */
const problemsMax = 16;

const textKeys = {
  K8S_POD_NAMESPACE: ['podNamespace', storedTextMax.podNamespace],
  K8S_POD_NAME: ['podName', storedTextMax.podName],
  K8S_POD_UID: ['podUid', storedTextMax.podUid],
  K8S_POD_INFRA_CONTAINER_ID: ['infraContainerId', storedTextMax.containerId],
} as const;

function isTextKey(key: string): key is keyof typeof textKeys {
  return Object.hasOwn(textKeys, key);
}

/**
 * Reads CNI_ARGS, `K=V;K=V` (https://github.com/containernetworking/cni/blob/main/CONVENTIONS.md#cni_args). The last of
 * two equal keys counts. Unknown keys are refused unless `IgnoreUnknown` is 1 or true, wherever it stands.
 * @throws {CniError} code 4, naming the pair
 */
export function parseCniArgs(text: string): CniArgs {
  const { args, problems } = parseCniArgsLeniently(text);
  if (problems[0] !== undefined) throw problems[0];
  return args;
}

/** As {@link parseCniArgs}, for DEL: never throws, and returns what can be read. */
export function parseCniArgsLeniently(text: string): LenientCniArgs {
  const problems: CniError[] = [];
  const report = (problem: string): void => {
    if (problems.length < problemsMax) {
      problems.push(new CniError(CniCode.invalidEnvironment, `CNI_ARGS: ${problem}`));
    }
  };
  if (text === '') return { args: {}, problems };
  if (text.length > lengthMax) report(`must not be longer than ${lengthMax} characters`);
  const values: { -readonly [Key in keyof CniArgs]: CniArgs[Key] } = {};
  const unknown: string[] = [];
  let ignoreUnknown = false;
  for (const pair of text.slice(0, lengthMax).split(';')) {
    const [key, value, ...rest] = pair.split('=');
    if (key === undefined || value === undefined || rest.length > 0) {
      report(`invalid pair ${quoteText(pair)}: write KEY=VALUE;KEY=VALUE`);
    } else if (key === 'IgnoreUnknown') {
      const truth = readBoolean(value);
      if (truth === undefined)
        report(`IgnoreUnknown must be 1, true, 0 or false, but is ${quoteText(value)}`);
      else ignoreUnknown = truth;
    } else if (key === 'IP') {
      const ip = value === '' ? undefined : parseAddress(value);
      if (ip !== undefined) values.ip = ip;
      else if (value !== '') report(`IP must be an IP address without a prefix, but is ${quoteText(value)}`);
    } else if (isTextKey(key)) {
      const [field, valueLengthMax] = textKeys[key];
      const problem = storedTextProblem(value, valueLengthMax);
      if (problem !== undefined) report(`${key} ${problem}`);
      else if (value !== '') values[field] = value;
    } else {
      unknown.push(key);
    }
  }
  if (unknown.length > 0 && !ignoreUnknown) {
    const names = unknown.slice(0, problemsMax).map(quoteText).join(', ');
    report(`unknown key ${names}: remove it, or add IgnoreUnknown=1`);
  }
  return { args: values, problems };
}

/** Go's types.UnmarshallableBool. */
function readBoolean(text: string): boolean | undefined {
  const lower = text.toLowerCase();
  if (lower === '1' || lower === 'true') return true;
  return lower === '0' || lower === 'false' ? false : undefined;
}
