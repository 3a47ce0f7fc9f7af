import { runProgram } from './program.ts';

/** Set by the build. */
// oxlint-disable-next-line no-underscore-dangle -- the name that all bundles share
declare const __VERSION__: string;

const interrupted = new AbortController();
// Once: a second Ctrl-C ends a process that does not end by itself.
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupted.abort());

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader of the pipe has enough (`| head`): nobody is left to print for.
  if (error.code === 'EPIPE') process.exit();
  throw error;
});

process.exitCode = await runProgram(process.argv.slice(2), {
  version: typeof __VERSION__ === 'undefined' ? '0.0.0-source' : __VERSION__,
  streams: process,
  signal: interrupted.signal,
});
