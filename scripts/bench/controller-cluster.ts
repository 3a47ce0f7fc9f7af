import { setTimeout as sleep } from 'node:timers/promises';
import { controllerLease } from '../../src/api/names.ts';
import { parseLease } from '../../src/kube/lease.ts';
import { kubeResources, resourcePath } from '../../src/kube/resource-path.ts';
import { createNode, createPool } from '../../test/support/cluster-objects.ts';
import { readRecords } from '../../test/support/cluster-records.ts';
import type { ControlPlane } from '../../test/support/control-plane.ts';
import { type RunningController, startController } from '../../test/support/controller.ts';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';

const account = { namespace: 'spiderpool', name: 'spiderpool-controller' } as const;
/** Ten times what the slowest figure is promised to take. */
const giveUpMs = 600_000;
const pollMs = 20;

/** Controllers that are processes of their own, with the rights of the manifests. Hold it with `await using`. */
export class BenchControllers implements AsyncDisposable {
  readonly #plane: ControlPlane;
  readonly #stack = new AsyncDisposableStack();
  readonly #kubeconfig: string;

  private constructor(plane: ControlPlane, kubeconfig: string) {
    this.#plane = plane;
    this.#kubeconfig = kubeconfig;
  }

  static async create(plane: ControlPlane): Promise<BenchControllers> {
    const kubeconfig = await plane.kubeconfigFor(account);
    await plane.bindControllerRole(account);
    return new BenchControllers(plane, kubeconfig);
  }

  /** Starts one and waits until it serves. */
  async start(podName: string): Promise<RunningController> {
    const folder = this.#stack.use(await temporaryFolder());
    return this.#stack.use(
      await startController({ folder: folder.path, kubeconfig: this.#kubeconfig, podName }),
    );
  }

  /** Waits until a controller leads and knows everything, by its own readiness. @returns milliseconds */
  async untilReady(controller: RunningController): Promise<number> {
    return measureUntil('the controller is ready', async () => {
      const { holder } = await this.lease();
      return holder === controller.podName && (await controller.health('readiness')) === 200;
    });
  }

  async lease(): Promise<ReturnType<typeof parseLease>> {
    const path = resourcePath(kubeResources.leases, { namespace: account.namespace, name: controllerLease });
    return parseLease((await this.#plane.adminRequest('GET', path)).body);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

/** Makes pools of a /24 each in 10.20.0.0/14, named by their number. */
export async function createSmallPools(plane: ControlPlane, numbers: readonly number[]): Promise<void> {
  for (const number of numbers) {
    const net = `10.${20 + (number >> 8)}.${number & 255}`;
    await createPool(plane, `small-${number}`, {
      subnet: `${net}.0/24`,
      ips: [`${net}.1-${net}.200`],
      gateway: `${net}.254`,
    });
  }
}

/** Makes nodes that are Ready or not. */
export async function createNodes(
  plane: ControlPlane,
  names: readonly string[],
  isReady: boolean,
): Promise<void> {
  for (const name of names) {
    await createNode(plane, name);
    const condition = { type: 'Ready', status: isReady ? 'True' : 'Unknown', reason: 'Bench' };
    const body = { status: { conditions: [condition] } };
    const { status, text } = await plane.adminRequest('PATCH', `/api/v1/nodes/${name}/status`, body);
    if (status >= 300) throw new Error(`node ${name}: ${text}`);
  }
}

/** Waits until no record names a pod that begins so. @returns milliseconds */
export async function untilNoRecord(plane: ControlPlane, prefix: string): Promise<number> {
  return measureUntil(`no record of ${prefix}`, async () => {
    const { uses } = await readRecords(plane);
    return uses.every(({ pod }) => !pod.startsWith(prefix));
  });
}

/** @returns the milliseconds until it is so */
export async function measureUntil(what: string, isSo: () => Promise<boolean>): Promise<number> {
  const startedMs = performance.now();
  while (!(await isSo())) {
    if (performance.now() - startedMs > giveUpMs) throw new Error(`${what}: not within ${giveUpMs} ms`);
    await sleep(pollMs);
  }
  return performance.now() - startedMs;
}
