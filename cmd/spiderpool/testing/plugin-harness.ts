import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const executable = path.join(root, 'dist/spiderpool');

/** Builds the executable if its sources changed. */
export function buildPlugin(): void {
  execFileSync(process.execPath, [path.join(root, 'scripts/build.mjs'), 'spiderpool']);
}

/** A folder that is removed with the scope it was made in. */
export class TemporaryFolder implements Disposable {
  readonly path: string;

  constructor(parent = '/tmp') {
    this.path = mkdtempSync(path.join(parent, 'spiderpool-test-'));
  }

  file(name: string): string {
    return path.join(this.path, name);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** How the plugin ended. */
export interface PluginEnd {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The variables that a runtime sets for an attachment. */
export const attachment = {
  CNI_CONTAINERID: 'c0ffee',
  CNI_NETNS: '/run/netns/pod',
  CNI_IFNAME: 'eth0',
  CNI_ARGS: 'K8S_POD_NAMESPACE=default;K8S_POD_NAME=web;K8S_POD_UID=u-1',
  CNI_PATH: '/opt/cni/bin',
} as const;

/** What the plugin is run with. */
export interface RunPluginOptions {
  /** @default the test's own */
  readonly cwd?: string;
  /** How long nobody reads what the plugin prints, in milliseconds. @default 0 */
  readonly readAfterMs?: number;
}

/** Runs the compiled plugin in an environment that holds nothing else. */
export async function runPlugin(
  env: Readonly<Record<string, string>>,
  stdin: string | Buffer,
  options: RunPluginOptions = {},
): Promise<PluginEnd> {
  const { cwd = root, readAfterMs = 0 } = options;
  const child = spawn(executable, { cwd, env, stdio: ['pipe', 'pipe', 'pipe'] });
  // The plugin may end before it has read everything.
  child.stdin.on('error', () => undefined);
  child.stdin.end(stdin);
  const read = async (stream: AsyncIterable<Buffer>): Promise<string> => {
    if (readAfterMs > 0) await sleep(readAfterMs);
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  };
  const closed = new Promise<number | null>((resolve) => child.on('close', resolve));
  const [stdout, stderr, exitCode] = await Promise.all([read(child.stdout), read(child.stderr), closed]);
  return { exitCode, stdout, stderr };
}

/** The CNI error that a failed call printed. */
export function errorOf(end: PluginEnd): { code: number; msg: string; cniVersion: string } {
  assert.equal(end.exitCode, 1, JSON.stringify(end));
  const value: unknown = JSON.parse(end.stdout);
  assert.ok(value instanceof Object && 'code' in value && 'msg' in value && 'cniVersion' in value);
  const { code, msg, cniVersion } = value;
  assert.ok(typeof code === 'number' && typeof msg === 'string' && typeof cniVersion === 'string');
  return { code, msg, cniVersion };
}

/** A request as it came over the wire. */
export interface SeenRequest {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Stands in for the agent on the wire. */
export class StandIn implements AsyncDisposable {
  readonly requests: SeenRequest[] = [];
  readonly #server;

  private constructor(answer: (request: SeenRequest, response: ServerResponse) => void) {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method, url, headers } = request;
        const seen = { method, url, headers, body: Buffer.concat(chunks).toString() };
        this.requests.push(seen);
        answer(seen, response);
      });
    });
  }

  static async listen(
    socketPath: string,
    answer: (request: SeenRequest, response: ServerResponse) => void,
  ): Promise<StandIn> {
    const standIn = new StandIn(answer);
    await new Promise<void>((resolve, reject) => {
      standIn.#server.once('error', reject).listen(socketPath, resolve);
    });
    return standIn;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
