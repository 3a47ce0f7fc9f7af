import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';

/** A connection to a unix socket on which a test writes whatever it likes. Hold it with `using`. */
export class RawConnection implements Disposable {
  readonly socket: Socket;
  readonly #closed: Promise<void>;
  #received = '';

  private constructor(path: string) {
    this.socket = createConnection({ path, allowHalfOpen: true });
    this.socket.setEncoding('latin1').on('data', (text: string) => {
      this.#received += text;
    });
    // Being cut off is what several tests wait for.
    this.socket.on('error', () => undefined);
    this.#closed = new Promise((resolve) => {
      this.socket.on('end', () => resolve());
      this.socket.on('close', () => resolve());
    });
  }

  static async open(path: string): Promise<RawConnection> {
    const connection = new RawConnection(path);
    await once(connection.socket, 'connect');
    return connection;
  }

  /** What came so far. */
  get received(): string {
    return this.#received;
  }

  write(text: string): void {
    this.socket.write(text);
  }

  /** Waits until the other side ends the connection, and returns everything that it sent. */
  async untilClosed(): Promise<string> {
    await this.#closed;
    return this.#received;
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

/** The status of each answer in the text of a connection. */
export function statusesOf(received: string): readonly number[] {
  return [...received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => Number(match[1]));
}
