import type { KubeApi } from '../../src/kube/kube-api.ts';
import type { Logger } from '../../src/log/logger.ts';
import type { ControllerMetrics } from '../../src/metrics/controller-metrics.ts';
import type { ControllerOptions } from './controller-options.ts';

/** What every part of a controller works with. */
export interface ControllerContext {
  readonly options: ControllerOptions;
  readonly api: KubeApi;
  readonly log: Logger;
  readonly metrics: ControllerMetrics;
}
