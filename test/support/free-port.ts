import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below the ports that the kernel gives to clients: one of those could be taken, or be connected to itself, while a server that tests
 * stop and start again is away.
 */
const portMin = 20_000;
const portMax = 32_000;
/** So many taken ones in a row mean that something else is wrong. */
const triesMax = 50;

/** @returns a TCP port of 127.0.0.1 that nobody listens on now */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < triesMax; tries += 1) {
    const port = randomInt(portMin, portMax);
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port on 127.0.0.1 in ${triesMax} tries from ${portMin} to ${portMax}`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    const listening = once(server, 'listening');
    server.listen(port, '127.0.0.1');
    await listening;
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
