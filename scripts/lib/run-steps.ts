import { spawn } from 'node:child_process';

/** One child process of a script. */
export interface Step {
  /** Shown above the step's output. */
  readonly title: string;
  readonly command: string;
  readonly args: readonly string[];
}

/** How a step ended. */
export interface StepOutcome {
  readonly step: Step;
  /** Undefined when a signal ended the process or it could not be started. */
  readonly exitCode: number | undefined;
  /** Wall clock, milliseconds. */
  readonly durationMs: number;
}

export interface RunStepsOptions {
  /**
   * Processes at a time.
   * @default 2
   */
  readonly parallel?: number;
  /** Receives what a person sees. @default process.stdout */
  readonly output?: NodeJS.WritableStream;
}

/**
 * Holds back what a step prints until all steps before it have finished: several run at once, and their output still reads as if
 * they ran one after the other. The first unfinished step streams.
 */
class OrderedOutput {
  readonly #output: NodeJS.WritableStream;
  readonly #held: (Buffer[] | undefined)[];
  #live = 0;

  constructor(steps: number, output: NodeJS.WritableStream) {
    this.#output = output;
    this.#held = Array.from({ length: steps }, () => []);
  }

  write(index: number, chunk: Buffer): void {
    if (index === this.#live) this.#output.write(chunk);
    else this.#held[index]?.push(chunk);
  }

  finish(index: number): void {
    if (index !== this.#live) {
      this.#held[index]?.push(finishedMark);
      return;
    }
    this.#live += 1;
    const chunks = this.#held[this.#live];
    if (chunks === undefined) return;
    this.#held[this.#live] = [];
    const finished = chunks.at(-1) === finishedMark;
    for (const chunk of finished ? chunks.slice(0, -1) : chunks) this.#output.write(chunk);
    if (finished) this.finish(this.#live);
  }
}

/** Compared by identity, never printed. */
const finishedMark = Buffer.alloc(0);

/**
 * Runs `steps` as child processes, at most `parallel` at a time, started in order. A failing step does not stop the others.
 * @returns one outcome for each step, in the order of `steps`
 */
export async function runSteps(
  steps: readonly Step[],
  options: RunStepsOptions = {},
): Promise<readonly StepOutcome[]> {
  const { parallel = 2, output = process.stdout } = options;
  const ordered = new OrderedOutput(steps.length, output);
  const outcomes: StepOutcome[] = [];
  const queue = [...steps.entries()];
  async function work(): Promise<void> {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [index, step] = next;
      outcomes[index] = await runStep(step, (chunk) => ordered.write(index, chunk));
      ordered.finish(index);
    }
  }
  await Promise.all(Array.from({ length: parallel }, work));
  return outcomes;
}

async function runStep(step: Step, print: (chunk: Buffer) => void): Promise<StepOutcome> {
  const started = performance.now();
  print(Buffer.from(`\n› ${step.title}\n`));
  const exitCode = await new Promise<number | undefined>((resolve) => {
    const child = spawn(step.command, step.args, { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.on('data', print);
    child.stderr.on('data', print);
    child.on('error', (error) => {
      print(Buffer.from(`${error.message}\n`));
      resolve(undefined);
    });
    child.on('close', (code, signal) => {
      if (signal !== null) print(Buffer.from(`${step.command} was ended by ${signal}\n`));
      resolve(code ?? undefined);
    });
  });
  return { step, exitCode, durationMs: performance.now() - started };
}
