import { HttpError } from '../../process/http/http-error.ts';
import type { Handler } from './message.ts';

/** Routes by path, then by method. A path may end in one `{name}`, which stands for a single segment. */
export type Routes = Readonly<Record<string, Readonly<Partial<Record<string, Handler>>>>>;

/** What serves a request, or why nothing does (404, 405). */
export interface Match {
  readonly handler: Handler;
  readonly parameter: string | undefined;
}

/** Finds handlers. Exact paths win over patterns. */
export class Router {
  readonly #routes: Routes;

  constructor(routes: Routes) {
    this.#routes = routes;
  }

  /** @throws HttpError 404 when no route has the path, 405 when none has the method */
  match(method: string, path: string): Match {
    const exact = Object.hasOwn(this.#routes, path) ? this.#routes[path] : undefined;
    if (exact !== undefined) return { handler: pick(exact, method, path), parameter: undefined };
    const slash = path.lastIndexOf('/');
    const prefix = `${path.slice(0, slash + 1)}{`;
    for (const [pattern, methods] of Object.entries(this.#routes)) {
      if (!pattern.startsWith(prefix) || slash + 1 >= path.length) continue;
      return { handler: pick(methods, method, path), parameter: decodeSegment(path.slice(slash + 1)) };
    }
    throw new HttpError(404, `there is no ${path} here; GET /v1/openapi.json lists what is`);
  }
}

function pick(methods: Readonly<Partial<Record<string, Handler>>>, method: string, path: string): Handler {
  const handler = Object.hasOwn(methods, method) ? methods[method] : undefined;
  if (handler === undefined)
    throw new HttpError(405, `${path} takes ${Object.keys(methods).join(', ')}, not ${method}`);
  return handler;
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new HttpError(400, `"${segment}" in the path is not valid percent-encoding`);
  }
}
