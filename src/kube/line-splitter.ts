/** A line is longer than its reader takes. */
export class LineTooLongError extends Error {
  override readonly name = 'LineTooLongError';
  readonly code = 'LINE_TOO_LONG';
}

const lineFeed = 0x0a;

/** Cuts a stream of bytes into lines; a line may come in any number of pieces. */
export class LineSplitter {
  readonly #lineBytesMax: number;
  #pieces: Buffer[] = [];
  #bytes = 0;

  /** @param lineBytesMax bytes of a line without its line feed */
  constructor(lineBytesMax: number) {
    this.#lineBytesMax = lineBytesMax;
  }

  /** Bytes of the line that has no end yet. */
  get pendingBytes(): number {
    return this.#bytes;
  }

  /**
   * Takes the next piece.
   *
   * @returns the lines that end in it, without line feeds, empty ones left out
   * @throws LineTooLongError
   */
  push(piece: Buffer): readonly string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = piece.indexOf(lineFeed); end !== -1; end = piece.indexOf(lineFeed, start)) {
      this.#append(piece.subarray(start, end));
      if (this.#bytes > 0) lines.push(this.#take());
      start = end + 1;
    }
    this.#append(piece.subarray(start));
    return lines;
  }

  #append(part: Buffer): void {
    if (part.length === 0) return;
    this.#bytes += part.length;
    if (this.#bytes > this.#lineBytesMax) {
      throw new LineTooLongError(`a line has more than ${this.#lineBytesMax} bytes`);
    }
    this.#pieces.push(part);
  }

  #take(): string {
    const [first] = this.#pieces;
    const line = this.#pieces.length === 1 && first !== undefined ? first : Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#bytes = 0;
    return line.toString();
  }
}
