import { type HttpAnswer, HttpAnswerReader } from './http-answer.ts';
import { examineSocket, type SocketState } from './trust-socket.ts';

/** Nobody answered: `refused` before the agent took the request, `silent` after it had. */
export class AgentAwayError extends Error {
  override readonly name = 'AgentAwayError';
  readonly code: 'refused' | 'silent';

  constructor(code: AgentAwayError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** How long a call may take. */
export interface CallAgentOptions {
  /** How long to try again while nobody listens, in milliseconds since the process started. */
  readonly connectUntilMs: number;
  /** How long to wait for the answer once the agent has accepted, in milliseconds. */
  readonly answerMs: number;
  /** What is known of the socket already; it is examined otherwise. */
  readonly state: SocketState | undefined;
}

/** A restarting agent is back within a second: the first attempts come quickly. */
const firstPauseMs = 25;
const longestPauseMs = 250;

/**
 * Sends one request and returns the answer. While the socket is missing or refuses, or is closed without a word, the
 * agent is taken to restart, and the request is sent again: each of them may be repeated.
 * @throws {AgentAwayError} when time is up
 * @throws {HttpAnswerError} when what answers does not speak HTTP
 * @throws {CniError} code 7 when the socket is not to be trusted
 */
export async function callAgent(
  path: string,
  request: Uint8Array,
  options: CallAgentOptions,
): Promise<HttpAnswer> {
  let state = options.state;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    let cause = 'the socket does not exist';
    if ((state ?? (await examineSocket(path))) === 'trusted') {
      try {
        return await exchange(path, request, options.answerMs);
      } catch (error) {
        if (!(error instanceof AgentAwayError) || error.code === 'silent') throw error;
        cause = error.message;
      }
    }
    if (performance.now() + pauseMs >= options.connectUntilMs) throw new AgentAwayError('refused', cause);
    await Bun.sleep(pauseMs);
    state = undefined;
  }
}

async function exchange(path: string, request: Uint8Array, answerMs: number): Promise<HttpAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  const reader = new HttpAnswerReader();
  let unsent = request;
  const send = (socket: BunSocket): void => {
    unsent = unsent.subarray(Math.max(0, socket.write(unsent)));
  };
  const settle = (socket: BunSocket, read: () => HttpAnswer | undefined): void => {
    try {
      const answer = read();
      if (answer === undefined) return;
      resolve(answer);
    } catch (error) {
      reject(error);
    }
    socket.terminate();
  };
  const broken = (error?: Error): void => {
    reject(new AgentAwayError('refused', error?.message ?? 'the connection was closed'));
  };
  const timer = setTimeout(() => {
    reject(new AgentAwayError('silent', `no answer within ${answerMs / 1000} s`));
  }, answerMs);
  const connected = Bun.connect({
    unix: path,
    socket: {
      open: send,
      drain: send,
      data: (socket, chunk) => settle(socket, () => reader.push(chunk)),
      close: (socket, error) => (reader.started ? settle(socket, () => reader.end()) : broken(error)),
      error: (_socket, error) => broken(error),
      // Without this handler a failed connect is printed as an uncaught error; the promise rejects as well.
      connectError: (_socket, error) => broken(error),
    },
  });
  connected.catch(broken);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}
