// The agent's own HTTP server with handlers that answer a constant: what a request over the socket costs at least.
// Arguments: the path of the socket.

import { pino } from 'pino';
import { listenOnSocket } from '../../daemon/agent/http/listen.ts';
import { Router } from '../../daemon/agent/http/router.ts';
import { HttpServer } from '../../daemon/agent/http/server.ts';

const [, , socketPath = ''] = process.argv;
/** As long as the agent's answer to an ADD. */
const body = JSON.stringify({ cniVersion: '1.1.0', ips: [{ address: '10.0.0.1/8' }], dns: {} }, undefined, 4);

const constant = { POST: () => Promise.resolve({ status: 200, body }) };
const routes = {
  '/v1/ipam/healthy': { GET: () => Promise.resolve({ status: 200 }) },
  '/v1/cni/add': constant,
  '/v1/cni/del': constant,
};
const server = new HttpServer(new Router(routes), pino({ level: 'silent' }));
const socket = await listenOnSocket(server.server, socketPath);
process.once('SIGTERM', () => {
  void server.close(0).then(() => socket[Symbol.asyncDispose]());
});
