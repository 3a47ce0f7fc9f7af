import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type TemporaryFolder, temporaryFolder } from './temporary-folder.ts';

/**
 * Removes a folder when its standard input ends. It tries again for 10 s: processes that die together with ours may write their last.
 * In a session of its own, an interrupt from the terminal does not reach it.
 */
const removeAtTheEnd = `
cat >/dev/null
tries=0
while [ -e "$1" ] && [ $tries -lt 100 ]; do
  rm -rf -- "$1" 2>/dev/null || sleep 0.1
  tries=$((tries + 1))
done`;

/** A temporary folder that also vanishes when this process is killed. Hold it with `await using`. */
export async function vanishingFolder(): Promise<TemporaryFolder> {
  const folder = await temporaryFolder();
  const keeper = spawn('sh', ['-c', removeAtTheEnd, 'sh', folder.path], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  await once(keeper, 'spawn');
  const ended = once(keeper, 'exit');
  keeper.unref();
  if ('unref' in keeper.stdin && typeof keeper.stdin.unref === 'function') keeper.stdin.unref();
  return {
    path: folder.path,
    [Symbol.asyncDispose]: async () => {
      await folder[Symbol.asyncDispose]();
      keeper.ref();
      keeper.stdin.end();
      await ended;
    },
  };
}
