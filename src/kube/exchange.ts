import type { Dispatcher } from 'undici';

/** Body of a stream that nobody has taken yet; more is left in the kernel, which slows the sender down. */
const unreadBytesMax = 1024 * 1024;

/** An answer has more bytes than its reader takes. */
export class AnswerTooLargeError extends Error {
  override readonly name = 'AnswerTooLargeError';
  readonly code = 'ANSWER_TOO_LARGE';
}

/** The first part of an answer. */
export interface AnswerHead {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** One HTTP request and its answer, which is read in pieces as it comes. Used once. */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #head = Promise.withResolvers<AnswerHead>();
  #controller: Dispatcher.DispatchController | undefined;
  #chunks: Buffer[] = [];
  #unreadBytes = 0;
  #failure: { readonly reason: unknown } | undefined;
  #isEnded = false;
  #wake: (() => void) | undefined;
  #isSent = false;

  /** Whether a byte of it may have left this process. */
  get isSent(): boolean {
    return this.#isSent;
  }

  /**
   * Sends the request.
   *
   * @returns the head of the answer
   * @throws what broke it, or the signal's reason; the signal counts until the whole answer is read
   */
  async start(
    dispatcher: Dispatcher,
    options: Dispatcher.DispatchOptions,
    signal: AbortSignal,
  ): Promise<AnswerHead> {
    signal.throwIfAborted();
    signal.addEventListener('abort', () => this.#stop(signal.reason), { once: true });
    dispatcher.dispatch(options, this);
    return this.#head.promise;
  }

  /**
   * The next piece of the body; undefined at its end.
   *
   * @throws what broke it
   */
  async next(): Promise<Buffer | undefined> {
    while (true) {
      const chunks = this.#chunks;
      const [first] = chunks;
      if (first !== undefined) {
        this.#chunks = [];
        this.#unreadBytes = 0;
        this.#controller?.resume();
        return chunks.length === 1 ? first : Buffer.concat(chunks);
      }
      if (this.#failure !== undefined) throw this.#failure.reason;
      if (this.#isEnded) return undefined;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
  }

  /**
   * The rest of the body.
   *
   * @throws AnswerTooLargeError above `bytesMax`, or what broke it
   */
  async readAll(bytesMax: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    let bytes = 0;
    for (let piece = await this.next(); piece !== undefined; piece = await this.next()) {
      pieces.push(piece);
      bytes += piece.length;
      if (bytes > bytesMax) {
        const error = new AnswerTooLargeError(`the answer has more than ${bytesMax} bytes`);
        this.#stop(error);
        throw error;
      }
    }
    return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#failure !== undefined) {
      controller.abort(asError(this.#failure.reason));
      return;
    }
    this.#controller = controller;
    this.#isSent = true;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: AnswerHead['headers'],
  ): void {
    // 1xx announces the answer.
    if (status >= 200) this.#head.resolve({ status, headers });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#unreadBytes += chunk.length;
    if (this.#unreadBytes > unreadBytesMax) controller.pause();
    this.#wake?.();
  }

  onResponseEnd(): void {
    this.#isEnded = true;
    this.#wake?.();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#fail(error);
  }

  #stop(reason: unknown): void {
    if (this.#isEnded) return;
    this.#fail(reason);
    this.#controller?.abort(asError(reason));
  }

  #fail(reason: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = { reason };
    this.#head.reject(reason);
    // Who waits for the body alone has its failure from there.
    this.#head.promise.catch(() => undefined);
    this.#wake?.();
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason });
}
