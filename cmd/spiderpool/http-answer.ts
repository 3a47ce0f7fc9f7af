/** A complete HTTP answer. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

/** What came is no HTTP answer, or one without an end. */
export class HttpAnswerError extends Error {
  override readonly name = 'HttpAnswerError';
}

interface Head {
  readonly status: number;
  /** Where the body starts. */
  readonly length: number;
  /** Length of the body in bytes; 'chunked' or 'until-close' when it is not announced. */
  readonly framing: number | 'chunked' | 'until-close';
}

/** Node's servers send some 200 bytes; theirs is the limit for requests, too. */
const headBytesMax = 16 * 1024;

/** A CNI result has a few kilobytes; whoever sends more is not our agent. */
const answerBytesMax = 8 * 1024 * 1024;

const decoder = new TextDecoder();

/** One character a byte, so that positions in the text are positions in the bytes. */
const byteDecoder = new TextDecoder('latin1');

/**
 * Reads one HTTP/1.1 answer from a connection that carries nothing else (RFC 9112). A client of its own, because Bun's
 * `fetch` starts a thread, which costs half a millisecond of a process that lives for six.
 */
export class HttpAnswerReader {
  #bytes = new Uint8Array(headBytesMax);
  #length = 0;
  #head: Head | undefined;

  /** True once any byte has come. */
  get started(): boolean {
    return this.#length > 0;
  }

  /**
   * Takes what has arrived. Returns the answer as soon as it is complete, else undefined.
   * @throws {HttpAnswerError}
   */
  push(chunk: Uint8Array): HttpAnswer | undefined {
    this.#append(chunk);
    return this.#read(false);
  }

  /**
   * Says that nothing more will come.
   * @throws {HttpAnswerError} when the answer is not complete
   */
  end(): HttpAnswer {
    const answer = this.#read(true);
    if (answer === undefined)
      throw new HttpAnswerError('the connection was closed in the middle of the answer');
    return answer;
  }

  #append(chunk: Uint8Array): void {
    const needed = this.#length + chunk.length;
    if (needed > answerBytesMax)
      throw new HttpAnswerError(`the answer is larger than ${answerBytesMax} bytes`);
    if (needed > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#bytes.set(chunk, this.#length);
    this.#length = needed;
  }

  #read(closed: boolean): HttpAnswer | undefined {
    const bytes = this.#bytes.subarray(0, this.#length);
    this.#head ??= parseHead(bytes);
    const head = this.#head;
    if (head === undefined) return undefined;
    const rest = bytes.subarray(head.length);
    if (head.framing === 'chunked') {
      const body = joinChunks(rest);
      return body === undefined ? undefined : { status: head.status, body };
    }
    if (head.framing === 'until-close') {
      return closed ? { status: head.status, body: decoder.decode(rest) } : undefined;
    }
    if (rest.length < head.framing) return undefined;
    return { status: head.status, body: decoder.decode(rest.subarray(0, head.framing)) };
  }
}

function parseHead(bytes: Uint8Array): Head | undefined {
  const text = byteDecoder.decode(bytes.subarray(0, headBytesMax));
  if (!'HTTP/1.'.startsWith(text.slice(0, 7))) throw new HttpAnswerError('the answer is not HTTP');
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) {
    if (bytes.length >= headBytesMax) throw new HttpAnswerError('the answer has no end of its headers');
    return undefined;
  }
  const [statusLine = '', ...fields] = text.slice(0, end).split('\r\n');
  const status = Number(/^HTTP\/1\.[01] ([2-5]\d\d)(?: |$)/.exec(statusLine)?.[1]);
  if (Number.isNaN(status)) throw new HttpAnswerError('the answer has no usable HTTP status');
  return { status, length: end + 4, framing: status === 204 ? 0 : framingOf(fields) };
}

function framingOf(fields: readonly string[]): Head['framing'] {
  let framing: Head['framing'] = 'until-close';
  for (const field of fields) {
    const colon = field.indexOf(':');
    const name = field.slice(0, colon).toLowerCase();
    const value = field.slice(colon + 1).trim();
    if (name === 'transfer-encoding') {
      if (value.toLowerCase() !== 'chunked') throw new HttpAnswerError('the answer has an unknown encoding');
      return 'chunked';
    }
    if (name === 'content-length') {
      if (!/^\d{1,9}$/.test(value)) throw new HttpAnswerError('the answer has an unusable content-length');
      framing = Number(value);
    }
  }
  return framing;
}

/** The body of a chunked answer (RFC 9112, section 7.1), or undefined while its last chunk has not come. */
function joinChunks(bytes: Uint8Array): string | undefined {
  const chunks = new TextDecoder();
  let body = '';
  let at = 0;
  for (;;) {
    const line = bytes.indexOf(0x0a, at);
    if (line < 0) return undefined;
    const size = /^([0-9a-f]{1,7})\s*(?:;|$)/i.exec(
      byteDecoder.decode(bytes.subarray(at, line)).trimEnd(),
    )?.[1];
    if (size === undefined) throw new HttpAnswerError('the answer has an unusable chunk');
    const length = Number.parseInt(size, 16);
    if (length === 0) return body + chunks.decode();
    const start = line + 1;
    if (bytes.length < start + length + 2) return undefined;
    body += chunks.decode(bytes.subarray(start, start + length), { stream: true });
    at = start + length + 2;
  }
}
