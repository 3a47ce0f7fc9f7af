import { version } from '../config/version.ts';
import { Connections } from './connections.ts';
import { Gate } from './gate.ts';
import { HttpKubeApi } from './http-kube-api.ts';
import type { KubeApi } from './kube-api.ts';
import { Kubeconfig } from './kubeconfig.ts';

/** As many as one agent can keep busy; a thousand agents start at once. */
const connectionsMaxDefault = 32;

/** What waits beyond that is better told so than left waiting without end. */
const waitingMax = 256;

/** One for each kind of object, and a few to spare: each has a connection of its own and takes none from the requests. */
const watchesMax = 16;

/**
 * Longer than any watch is asked to live. Where nothing changes an API server sends not even bookmarks; a peer that is gone is noticed
 * by the kernel within a minute.
 */
const watchSilenceMsMaxDefault = 400_000;

/** How the API server is talked to. */
export interface KubeApiOptions {
  /** Path of a kubeconfig. @default KUBECONFIG, then `~/.kube/config`, then the pod's service account */
  readonly kubeconfig?: string;
  /** Context of the kubeconfig. @default its current one */
  readonly context?: string;
  /** @default 'spiderpool/<version>' */
  readonly userAgent?: string;
  /** Requests under way at once; watches are not counted. @default 32 */
  readonly connectionsMax?: number;
  /** A watch that the API server leaves silent for so long is cut. @default 400_000 */
  readonly watchSilenceMsMax?: number;
}

/**
 * A client of the API server that a kubeconfig names. Nothing is sent yet.
 *
 * @throws KubeconfigError
 */
export function createKubeApi(options: KubeApiOptions = {}): KubeApi {
  const requestsMax = options.connectionsMax ?? connectionsMaxDefault;
  return new HttpKubeApi({
    config: Kubeconfig.load({
      ...(options.kubeconfig !== undefined && { file: options.kubeconfig }),
      ...(options.context !== undefined && { context: options.context }),
    }),
    connections: new Connections(requestsMax + watchesMax),
    requests: new Gate(requestsMax, waitingMax),
    watches: new Gate(watchesMax, watchesMax),
    userAgent: options.userAgent ?? `spiderpool/${version}`,
    watchSilenceMsMax: options.watchSilenceMsMax ?? watchSilenceMsMaxDefault,
  });
}
