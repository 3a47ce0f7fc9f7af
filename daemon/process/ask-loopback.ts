import { type ClientRequest, request as httpRequest } from 'node:http';
import type { RequestOptions } from 'node:https';

/** What does not answer within this time is not alive; below the second that probes wait by default. */
const timeoutMs = 800;

/**
 * Asks a server of this process as its clients do. Never rejects.
 *
 * @param what names it in the answer
 * @param request of node:http, or that of node:https
 * @returns what is wrong; undefined when it answers 200
 */
export async function askLoopback(
  what: string,
  options: RequestOptions,
  request: (options: RequestOptions) => ClientRequest = httpRequest,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const asked = request({ ...options, timeout: timeoutMs, agent: false });
    asked.on('response', (response) => {
      response.resume();
      const { statusCode } = response;
      resolve(statusCode === 200 ? undefined : `${what} answers ${statusCode}`);
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer in time')));
    asked.on('error', (error) => resolve(`${what} does not answer: ${error.message}`));
    asked.end();
  });
}
