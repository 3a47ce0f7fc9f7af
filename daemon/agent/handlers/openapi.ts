import type { Handler, Reply } from '../http/message.ts';

/**
 * `GET /v1/openapi.json`: the description of everything that the socket serves. Made when it is first asked for: hardly any
 * agent ever is, and the schemas would cost each of them time at its start.
 */
export function openApiHandler(): Handler {
  let reply: Promise<Reply> | undefined;
  return () => {
    reply ??= describe();
    return reply;
  };
}

async function describe(): Promise<Reply> {
  const { openApiDocument } = await import('../../../src/wire/openapi.ts');
  return { status: 200, body: `${JSON.stringify(openApiDocument(), undefined, 1)}\n` };
}
