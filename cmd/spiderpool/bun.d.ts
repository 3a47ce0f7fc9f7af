// The few functions of Bun's runtime that the plugin uses (https://bun.com/docs/api), declared here to do without another package.

interface BunStats {
  readonly uid: number;
  readonly mode: number;
  isSocket(): boolean;
  isDirectory(): boolean;
}

interface BunFile {
  /** Follows links. Rejects with a system error that has a `code`. */
  stat(): Promise<BunStats>;
  stream(): AsyncIterable<Uint8Array>;
}

interface BunSocket {
  /** Returns how many bytes were taken; the rest is to be written after `drain`. */
  write(data: Uint8Array): number;
  /** Closes at once, without waiting for the other side. */
  terminate(): void;
}

interface BunSocketHandler {
  open(socket: BunSocket): void;
  data(socket: BunSocket, chunk: Uint8Array): void;
  drain(socket: BunSocket): void;
  close(socket: BunSocket, error?: Error): void;
  error(socket: BunSocket, error: Error): void;
  connectError(socket: BunSocket, error: Error): void;
}

interface BunHasher {
  update(text: string): BunHasher;
  digest(encoding: 'hex'): string;
}

declare const Bun: {
  readonly stdin: BunFile;
  readonly stdout: BunFile;
  readonly stderr: BunFile;
  file(path: string): BunFile;
  /** Resolves once everything is written, pipes with a slow reader included. */
  write(destination: BunFile, text: string): Promise<number>;
  connect(options: { readonly unix: string; readonly socket: BunSocketHandler }): Promise<BunSocket>;
  sleep(milliseconds: number): Promise<void>;
  readonly CryptoHasher: new (algorithm: 'sha256') => BunHasher;
};

declare namespace NodeJS {
  interface Process {
    /** Ends the process without running any exit handler. */
    reallyExit(code: number): never;
  }
}
