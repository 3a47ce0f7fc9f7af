import { CniCode, CniError } from '../../src/cni/error.ts';
import { isJsonObject } from '../../src/cni/field-reader.ts';
import { defaultSocketPath } from '../../src/cni/plugin-paths.ts';
import { parseLogSettings, parseSocketPath } from '../../src/cni/plugin-settings.ts';
import { type CniEnvironment, type CniVerb, cniVariables, deadlineHeader } from '../../src/cni/request.ts';
import { quoteText } from '../../src/cni/sanitize-text.ts';
import { AgentAwayError, callAgent } from './call-agent.ts';
import { type HttpAnswer, HttpAnswerError } from './http-answer.ts';
import type { Outcome } from './outcome.ts';
import type { SocketState } from './trust-socket.ts';

/** A network configuration as it came. */
export interface StdinConfig {
  /** The text itself goes to the agent, so that no number loses a digit. */
  readonly text: string;
  readonly value: unknown;
}

/** How long a call waits for an agent that restarts, in milliseconds since the process started. */
const connectUntilMs = 10_000;

/** How long the agent may take: kubelets give a sandbox some minutes; a DEL must not keep a pod from ending. */
const answerMs: Readonly<Record<CniVerb, number>> = {
  add: 90_000,
  check: 90_000,
  gc: 90_000,
  del: 10_000,
  status: 10_000,
};

/** The CNI_* variables as they are set. */
function readEnvironment(): CniEnvironment {
  const env: { -readonly [Name in keyof CniEnvironment]: CniEnvironment[Name] } = {};
  for (const name of cniVariables) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  return env;
}

/**
 * Hands one verb to the agent and says what to print. DEL never fails (decision: a pod must be able to end while the
 * agent is away); what the agent can't be told is left as a tombstone.
 * @throws {CniError} for every other verb
 */
export async function forward(
  verb: CniVerb,
  config: StdinConfig,
  defaultState: Promise<SocketState | undefined>,
): Promise<Outcome> {
  const env = readEnvironment();
  let socketPath = '';
  let cause: string;
  let refused: CniError | undefined;
  try {
    socketPath = parseSocketPath(config.value);
    if (verb !== 'del') parseLogSettings(config.value);
    const answer = await callAgent(socketPath, composeRequest(verb, config.text, env), {
      connectUntilMs,
      answerMs: answerMs[verb],
      state: socketPath === defaultSocketPath ? await defaultState : undefined,
    });
    const outcome = readAnswer(answer);
    if (verb !== 'del' || outcome.exitCode === 0) return outcome;
    cause = `HTTP ${answer.status}: ${answer.body}`;
  } catch (error) {
    if (error instanceof HttpAnswerError && verb !== 'del') throw strangerError(socketPath, error.message);
    if (!(error instanceof AgentAwayError) && verb !== 'del') throw error;
    cause = error instanceof Error ? error.message : String(error);
    if (error instanceof CniError) refused = error;
  }
  // Loaded only now: the usual call needs none of it.
  const { agentAwayError, leaveTombstone, logUnanswered } = await import('./agent-away.ts');
  const call = { verb, config: config.value, env, socketPath };
  // A path that can't be used says nothing about the agent: it was not asked.
  const error = refused ?? agentAwayError(call, cause);
  if (verb !== 'del') {
    await logUnanswered(call, error.message, Date.now());
    throw error;
  }
  const problem = await leaveTombstone(call, Date.now());
  const message = `${error.message}; ${problem ?? 'a tombstone was left'}`;
  await logUnanswered(call, message, Date.now()).catch(() => undefined);
  return { output: '', exitCode: 0, note: message };
}

function composeRequest(verb: CniVerb, config: string, env: CniEnvironment): Uint8Array {
  const body = new TextEncoder().encode(`{"config":${config},"env":${JSON.stringify(env)}}`);
  const head = new TextEncoder().encode(
    `POST /v1/cni/${verb} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n` +
      `${deadlineHeader}: ${answerMs[verb]}\r\ncontent-length: ${body.length}\r\n\r\n`,
  );
  const request = new Uint8Array(head.length + body.length);
  request.set(head);
  request.set(body, head.length);
  return request;
}

/**
 * The agent's answer is printed as it is, once it is known to be one.
 * @throws {HttpAnswerError}
 */
function readAnswer({ status, body }: HttpAnswer): Outcome {
  if (status === 200 && body.trim() === '') return { output: body, exitCode: 0 };
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new HttpAnswerError(`HTTP ${status} with a body that is not JSON`);
  }
  if (status === 200) return { output: body, exitCode: 0 };
  if (!isJsonObject(value) || typeof value['code'] !== 'number') {
    throw new HttpAnswerError(`HTTP ${status} without a CNI error`);
  }
  return { output: body, exitCode: 1 };
}

function strangerError(socketPath: string, problem: string): CniError {
  return new CniError(
    CniCode.ioFailure,
    `what listens on ${quoteText(socketPath)} is not spiderpool-agent, or an old one: ${problem}`,
  );
}
