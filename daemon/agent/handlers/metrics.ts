import type { Handler } from '../http/message.ts';
import type { HandlerContext } from './context.ts';

/** `GET /v1/metrics`: the metrics for whoever has no TCP port open for them. */
export function metricsHandler({ metrics: { registry } }: HandlerContext): Handler {
  return async () => ({ status: 200, body: await registry.metrics(), contentType: registry.contentType });
}
