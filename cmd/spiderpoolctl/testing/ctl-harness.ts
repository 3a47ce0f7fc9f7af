import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { WriteStream } from 'node:tty';
import { fileURLToPath } from 'node:url';
import type { ExitCode } from '../ctl-error.ts';
import { runProgram } from '../program.ts';

// For tests: a server that stands in for the agent at the wire, and ways to run the tool against it.

// A test runner in a terminal forces colours on its children; what is tested is the tool's own choice.
delete process.env['FORCE_COLOR'];

/** A request as it came in. */
export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly body: string;
}

type Answerer = (request: SeenRequest, response: ServerResponse) => void;

/** A server on a unix socket in a folder of its own. */
export class StandInAgent implements AsyncDisposable {
  readonly requests: SeenRequest[] = [];
  readonly folder: string;
  readonly socketPath: string;
  readonly #server: Server;

  constructor(folder: string, answer: Answerer) {
    this.folder = folder;
    this.socketPath = join(folder, 'agent.sock');
    this.#server = createServer((message, response) => {
      void this.#answer(message, response, answer);
    });
  }

  /** `answers`: the JSON texts for `METHOD url`; what is not among them is refused with 404. */
  static async listen(answers: Readonly<Record<string, string>> | Answerer): Promise<StandInAgent> {
    const folder = await mkdtemp(join(tmpdir(), 'spiderpoolctl-'));
    const agent = new StandInAgent(folder, typeof answers === 'function' ? answers : answerFrom(answers));
    agent.#server.listen(agent.socketPath);
    await once(agent.#server, 'listening');
    return agent;
  }

  async #answer(message: IncomingMessage, response: ServerResponse, answer: Answerer): Promise<void> {
    const seen = { method: message.method ?? '', url: message.url ?? '', body: await text(message) };
    this.requests.push(seen);
    answer(seen, response);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

function answerFrom(answers: Readonly<Record<string, string>>): Answerer {
  return ({ method, url }, response) => {
    const body = answers[`${method} ${url}`];
    if (body === undefined) response.writeHead(404).end(`{"code":404,"msg":"there is no ${url} here"}`);
    else response.writeHead(200, { 'content-type': 'application/json' }).end(body);
  };
}

/** How a command line ended. */
export interface Ran {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a command line is run with. */
export interface RunOptions {
  /** What comes in by stdin, which then ends. @default nothing */
  readonly input?: string;
  /** All three streams pretend to be a terminal of this many columns. @default no terminal */
  readonly terminalColumns?: number;
}

/** What a real terminal answers, whatever TERM the tests run with. */
function getColorDepth(): number {
  return WriteStream.prototype.getColorDepth({ ...process.env, TERM: 'xterm' });
}

/** Runs a command line in this process. */
export async function runHere(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const terminal =
    options.terminalColumns === undefined
      ? {}
      : { isTTY: true, columns: options.terminalColumns, getColorDepth };
  const [stdin, stdout, stderr] = [0, 1, 2].map(() => Object.assign(new PassThrough(), terminal)) as [
    PassThrough,
    PassThrough,
    PassThrough,
  ];
  stdin.end(options.input ?? '');
  const exitCode: ExitCode = await runProgram(args, {
    version: '1.2.3',
    streams: { stdin, stdout, stderr },
    signal: new AbortController().signal,
  });
  stdout.end();
  stderr.end();
  return { exitCode, stdout: await text(stdout), stderr: await text(stderr) };
}

/** The executable's source. */
export const mainPath = fileURLToPath(new URL('../main.ts', import.meta.url));

/** Runs a command line as a process of its own, from the sources. */
export async function runProcess(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const child = spawn(process.execPath, [mainPath, ...args], { stdio: 'pipe' });
  child.stdin.end(options.input ?? '');
  const [stdout, stderr, exit] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  return { exitCode: exit[0], stdout, stderr };
}
