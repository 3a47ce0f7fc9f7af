import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Logger } from '../../src/log/logger.ts';
import { type ServedPort, servePort } from '../process/served-port.ts';

/** A socket that does not answer within this time is not alive; below the second that probes wait by default. */
const loopBackMs = 800;

export interface HealthOptions {
  /** TCP port, on all interfaces. */
  readonly port: number;
  /** The agent's own socket. */
  readonly socketPath: string;
  /** Why the agent can't serve ADDs yet; undefined when it can. */
  readonly notReady: () => string | undefined;
  readonly log: Logger;
}

/**
 * Serves `/v1/runtime/{startup,readiness,liveness}` for the kubelet's probes, as the original does: 200, or 500 with the reason as a
 * JSON string. All ask the agent's own socket; readiness also asks that the records are loaded. Startup and liveness do not: an API
 * server that is away is no reason to start the agent again.
 */
export function serveHealth({ port, socketPath, notReady, log }: HealthOptions): ServedPort {
  const problems: Readonly<Record<string, () => Promise<string | undefined>>> = {
    '/v1/runtime/startup': () => loopBack(socketPath),
    '/v1/runtime/liveness': () => loopBack(socketPath),
    '/v1/runtime/readiness': async () => notReady() ?? (await loopBack(socketPath)),
  };
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const [path = ''] = (request.url ?? '').split('?', 1);
    const look = Object.hasOwn(problems, path) ? problems[path] : undefined;
    if (look === undefined) return answer(response, 501, `${path} is not served on this port`);
    void look().then((problem) =>
      problem === undefined ? answer(response, 200) : answer(response, 500, problem),
    );
  };
  return servePort({ what: 'health', port, listener, log });
}

function answer(response: ServerResponse, status: number, text?: string): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(text === undefined ? undefined : JSON.stringify(text));
}

/** Asks the agent's own socket as its clients do. Never rejects. @returns what is wrong */
function loopBack(socketPath: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const request = httpRequest({ socketPath, path: '/v1/ipam/healthy', timeout: loopBackMs, agent: false });
    request.on('response', (response) => {
      response.resume();
      const { statusCode } = response;
      resolve(statusCode === 200 ? undefined : `the agent's socket answers ${statusCode}`);
    });
    request.on('timeout', () => request.destroy(new Error('no answer in time')));
    request.on('error', (error) => resolve(`the agent's socket does not answer: ${error.message}`));
    request.end();
  });
}
