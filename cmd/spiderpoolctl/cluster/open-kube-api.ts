import { createKubeApi } from '../../../src/kube/create-kube-api.ts';
import type { KubeApi } from '../../../src/kube/kube-api.ts';
import { Kubeconfig } from '../../../src/kube/kubeconfig.ts';
import { LimitedKubeApi } from './limited-kube-api.ts';

/** A person waits: what an API server that is away does not do within this time is told. */
const retryForMsMax = 5_000;

/** A client and where it goes to. */
export interface OpenedKubeApi {
  readonly api: KubeApi;
  /** In messages, such as `the cluster at https://192.0.2.1:6443`. */
  readonly title: string;
}

/** @throws KubeconfigError */
export function openKubeApi(options: {
  readonly kubeconfig?: string;
  readonly context?: string;
}): OpenedKubeApi {
  const { kubeconfig, context } = options;
  const named = {
    ...(kubeconfig !== undefined && { file: kubeconfig }),
    ...(context !== undefined && { context }),
  };
  const { origin } = Kubeconfig.load(named);
  const api = createKubeApi(options);
  return { api: new LimitedKubeApi(api, { retryForMsMax }), title: `the cluster at ${origin}` };
}
