import { errorObject } from '../../src/cni/compose-error.ts';
import { CniCode, CniError } from '../../src/cni/error.ts';
import { isJsonObject } from '../../src/cni/field-reader.ts';
import { printObject } from '../../src/cni/print-object.ts';
import { type CniVerb, cniVerbs } from '../../src/cni/request.ts';
import { quoteText } from '../../src/cni/sanitize-text.ts';
import { cniVersions } from '../../src/cni/version.ts';
import { forward, type StdinConfig } from './forward.ts';
import type { Outcome } from './outcome.ts';
import { readStdin } from './read-stdin.ts';
import { examineDefaultSocket } from './trust-socket.ts';

/** @throws {CniError} code 6, but for DEL, which then has no configuration */
async function readConfig(verb: CniVerb): Promise<StdinConfig> {
  try {
    const text = await readStdin();
    const value = parseJson(text);
    if (isJsonObject(value)) return { text, value };
    throw new CniError(
      CniCode.decodingFailure,
      text.trim() === ''
        ? 'stdin is empty: the network config belongs there, as JSON'
        : 'the network config on stdin is not a JSON object',
    );
  } catch (error) {
    if (verb === 'del') return { text: 'null', value: null };
    throw error;
  }
}

function configuredVersion(config: unknown): string | undefined {
  const given = isJsonObject(config) ? config['cniVersion'] : undefined;
  return cniVersions.find((version) => version === given);
}

/** Runs a verb that goes to the agent; an unknown one is an error object. */
export async function runVerb(command: string): Promise<Outcome> {
  let config: StdinConfig | undefined;
  try {
    const verb = cniVerbs.find((known) => known.toUpperCase() === command);
    if (verb === undefined) {
      throw new CniError(CniCode.invalidEnvironment, `unknown CNI_COMMAND: ${quoteText(command)}`);
    }
    const defaultState = examineDefaultSocket();
    config = await readConfig(verb);
    return await forward(verb, config, defaultState);
  } catch (error) {
    return { output: printObject(errorObject(error, configuredVersion(config?.value))), exitCode: 1 };
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
