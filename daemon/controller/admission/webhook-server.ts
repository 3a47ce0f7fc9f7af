import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server, type ServerOptions } from 'node:https';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { parseExactJson } from '../../../src/api/exact-json.ts';
import type { Logger } from '../../../src/log/logger.ts';
import { refuseClient } from '../../process/http/client-error.ts';
import { HttpError } from '../../process/http/http-error.ts';
import { readBody } from '../../process/http/read-body.ts';
import { type HttpReply, sendReply } from '../../process/http/send-reply.ts';
import { keepListening, type ServedPort } from '../../process/served-port.ts';
import type { ReviewHandler } from './admission-routes.ts';
import type { CertificateProvider, ServingCertificate } from './serving-certificate.ts';

/** Probes of the original ask here. */
const healthPath = '/webhook-health-check';

/** API servers open some connections each; more than this is neither. */
const connectionsMax = 512;
/** Requests under way at most. An API server has 200 changes under way by default; a further one is told to come again (503). */
const requestsMax = 512;
/** An update has the object twice, before and after, and etcd takes 1.5 MiB of each by default; the rest is for what goes around. */
const bodyBytesMax = 3 * 2 ** 20 + 2 ** 18;
/** All bodies together: anybody who reaches the port may send some. */
const bodiesBytesMax = 32 * 2 ** 20;

/** The API server gives a webhook 10 s; what it does not wait for any more need not be worked out. */
const deadlineMs = 7_000;
const headersTimeoutMs = 5_000;
const requestTimeoutMs = 10_000;
const handshakeTimeoutMs = 10_000;
/** How often the times are looked at. */
const timeoutCheckMs = 1_000;
/** Longer than API servers keep an idle connection (90 s): one that is closed while a request is on its way costs somebody an error. */
const keepAliveMs = 120_000;
/** How long the end waits for requests under way; they are answered within milliseconds, mostly. */
const drainMs = 3_000;
/** Handshakes that clients refuse are told this often. */
const handshakeReportMs = 60_000;

export interface WebhookServerOptions {
  /** TCP port, on all interfaces. */
  readonly port: number;
  readonly routes: ReadonlyMap<string, ReviewHandler>;
  readonly certificates: CertificateProvider;
  readonly log: Logger;
}

/** Serves webhooks over TLS as soon as there is a certificate, and takes over every later one. Until then connections are refused. */
export class WebhookServer implements AsyncDisposable {
  readonly #options: WebhookServerOptions;
  /** One for each request under way. */
  readonly #underWay = new Set<AbortController>();
  /** All connections, those in their handshake included, which the server does not end by itself. */
  readonly #sockets = new Set<Duplex>();
  #served = 0;
  #bodiesBytes = 0;
  #server: Server | undefined;
  #port: ServedPort | undefined;
  #reportedMs = Number.NEGATIVE_INFINITY;
  #isClosed = false;
  #drained: (() => void) | undefined;

  constructor(options: WebhookServerOptions) {
    this.#options = options;
    const { certificates } = options;
    certificates.onChange((certificate) => this.#takeOver(certificate));
    if (certificates.current !== undefined) this.#takeOver(certificates.current);
  }

  /** Why nothing is served now; undefined while it is. */
  get problem(): string | undefined {
    if (this.#port === undefined) return 'webhooks are not served: there is no certificate yet';
    return this.#port.problem;
  }

  /** Requests that came in so far, and those that wait for their answer. */
  get activity(): { readonly served: number; readonly underWay: number } {
    return { served: this.#served, underWay: this.#underWay.size };
  }

  /** Takes no new connections, lets requests under way finish for a moment, then ends the rest. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#server?.close();
    this.#server?.closeIdleConnections();
    if (this.#underWay.size > 0) await this.#drain();
    for (const request of this.#underWay)
      request.abort(new HttpError(503, 'the controller is shutting down'));
    for (const socket of this.#sockets) socket.destroy();
    await this.#port?.[Symbol.asyncDispose]();
  }

  #takeOver(certificate: ServingCertificate): void {
    if (this.#isClosed) return;
    const { log, port } = this.#options;
    try {
      if (this.#server !== undefined) {
        this.#server.setSecureContext(tlsOptions(certificate));
        log.info({}, 'webhooks are served with a new certificate');
        return;
      }
      this.#server = this.#createServer(certificate);
      this.#port = keepListening(this.#server, { what: 'webhooks', port, log });
    } catch (error) {
      log.error({ err: error }, 'certificate of the webhooks can not be used, the one of before stays');
    }
  }

  #createServer(certificate: ServingCertificate): Server {
    const options: ServerOptions = {
      ...tlsOptions(certificate),
      handshakeTimeout: handshakeTimeoutMs,
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: keepAliveMs,
      connectionsCheckingInterval: timeoutCheckMs,
    };
    const server = createServer(options, (message, response) => void this.#serve(message, response));
    server.maxConnections = connectionsMax;
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    server.on('clientError', refuseClient);
    server.on('tlsClientError', (error: NodeJS.ErrnoException, socket: TLSSocket) =>
      this.#reportHandshake(error, socket),
    );
    return server;
  }

  /** An API server that does not trust the certificate says so here and nowhere else; scanners fail too, and often. */
  #reportHandshake(error: NodeJS.ErrnoException, { remoteAddress }: TLSSocket): void {
    const nowMs = performance.now();
    const isTold = nowMs - this.#reportedMs > handshakeReportMs;
    if (isTold) this.#reportedMs = nowMs;
    this.#options.log[isTold ? 'warn' : 'debug']({ err: error, remoteAddress }, 'TLS handshake failed');
  }

  async #serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const controller = new AbortController();
    this.#underWay.add(controller);
    this.#served += 1;
    response.once('close', () => controller.abort(new HttpError(499, 'the client is gone')));
    const expire = (): void => controller.abort(new HttpError(504, 'the deadline has passed'));
    const deadline = setTimeout(expire, deadlineMs);
    if (this.#isClosed) response.setHeader('connection', 'close');
    try {
      sendReply(message, response, await this.#answer(message, controller.signal));
    } catch (error) {
      sendReply(message, response, this.#refusal(error, message));
    } finally {
      clearTimeout(deadline);
      this.#underWay.delete(controller);
      if (this.#underWay.size === 0) this.#drained?.();
    }
  }

  async #answer(message: IncomingMessage, signal: AbortSignal): Promise<HttpReply> {
    if (this.#underWay.size > requestsMax)
      throw new HttpError(503, `more than ${requestsMax} requests are under way: try again`);
    const [path = ''] = (message.url ?? '').split('?', 1);
    if (path === healthPath && message.method === 'GET') return { status: 200 };
    const handler = this.#options.routes.get(path);
    if (handler === undefined) {
      const known = [...this.#options.routes.keys()].join(', ');
      throw new HttpError(404, `there is no such webhook here; there are ${known}`);
    }
    if (message.method !== 'POST') throw new HttpError(405, 'a webhook takes POST');
    const review = await this.#review(message);
    return { status: 200, body: JSON.stringify(await handler(review, signal)) };
  }

  async #review(message: IncomingMessage): Promise<unknown> {
    const declared = Number(message.headers['content-length']);
    if (!Number.isSafeInteger(declared)) throw new HttpError(411, 'the length of the body is not declared');
    if (this.#bodiesBytes + declared > bodiesBytesMax && declared <= bodyBytesMax)
      throw new HttpError(503, 'too many large requests are under way: try again');
    this.#bodiesBytes += declared;
    try {
      return parseExactJson((await readBody(message, bodyBytesMax)).toString('utf8'));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw new HttpError(400, `the body is not JSON: ${error.message}`, { cause: error });
    } finally {
      this.#bodiesBytes -= declared;
    }
  }

  #refusal(error: unknown, message: IncomingMessage): HttpReply {
    const contentType = 'text/plain; charset=utf-8';
    if (error instanceof HttpError) return { status: error.status, body: error.message, contentType };
    this.#options.log.error({ err: error, path: message.url }, 'webhook failed unexpectedly');
    return {
      status: 500,
      body: 'internal error of spiderpool-controller; its log has the details',
      contentType,
    };
  }

  #drain(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, drainMs);
      this.#drained = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function tlsOptions({ cert, key }: ServingCertificate): ServerOptions {
  return { cert, key, minVersion: 'TLSv1.2' };
}
