import { version } from '../../src/config/version.ts';
import { runProgram } from './program.ts';

const interrupted = new AbortController();
// Once: a second Ctrl-C ends a process that does not end by itself.
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupted.abort());

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader of the pipe has enough (`| head`): nobody is left to print for.
  if (error.code === 'EPIPE') process.exit();
  throw error;
});

const ended = runProgram(process.argv.slice(2), {
  version,
  streams: process,
  signal: interrupted.signal,
});
// No await up here: the executables are CommonJS, which has none.
void ended.then((exitCode) => {
  process.exitCode = exitCode;
});
