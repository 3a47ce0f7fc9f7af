import { errorObject } from '../../src/cni/compose-error.ts';
import { CniCode, CniError } from '../../src/cni/error.ts';
import { isJsonObject } from '../../src/cni/field-reader.ts';
import { printObject } from '../../src/cni/print-object.ts';
import { type CniVerb, cniVerbs } from '../../src/cni/request.ts';
import { quoteText } from '../../src/cni/sanitize-text.ts';
import { cniVersions } from '../../src/cni/version.ts';
import { versionResponse } from '../../src/cni/version-response.ts';
import { forward, type Outcome, type StdinConfig } from './forward.ts';
import { readStdin } from './read-stdin.ts';
import { examineDefaultSocket } from './trust-socket.ts';

/** Set by the build from package.json. */
// oxlint-disable-next-line no-underscore-dangle -- build-time constants look like this everywhere
declare const __VERSION__: string;

/** VERSION must answer a person at a terminal, too, who gives no stdin. */
const versionStdinMs = 1000;

function aboutOutcome(): Outcome {
  const about = `Spiderpool IPAM ${__VERSION__}\nCNI protocol versions supported: ${cniVersions.join(', ')}`;
  return { output: '', exitCode: 0, note: about };
}

async function versionOutcome(): Promise<Outcome> {
  const text = await Promise.race([readStdin(), Bun.sleep(versionStdinMs)]).catch(() => undefined);
  const response = versionResponse(typeof text === 'string' ? parseJson(text) : undefined);
  return { output: `${JSON.stringify(response)}\n`, exitCode: 0 };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

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

async function run(command: string): Promise<Outcome> {
  if (command === '') return aboutOutcome();
  if (command === 'VERSION') return versionOutcome();
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

async function main(): Promise<void> {
  const { output, exitCode, note } = await run(process.env['CNI_COMMAND'] ?? '');
  if (note !== undefined) await Bun.write(Bun.stderr, `${note}\n`).catch(() => 0);
  if (output !== '') await Bun.write(Bun.stdout, output);
  // The usual end of a process runs handlers that nothing here needs.
  process.reallyExit(exitCode);
}

// No top-level await: bytecode is CommonJS.
void main();
