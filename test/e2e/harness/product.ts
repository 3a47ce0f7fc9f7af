import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ControlPlane } from '../../support/control-plane.ts';
import { runOrThrow } from '../../support/run-command.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const chart = join(root, 'deploy/chart');
/** Where it is installed; agents and controllers are found by it. */
export const productNamespace = 'spiderpool';
const release = 'spiderpool';
/** Hooks wait for pods and webhooks. */
const helmTimeoutMs = 600_000;

/** Values of the chart, as `--set` takes them. */
export type Values = Readonly<Record<string, string>>;

/** Installs, upgrades and removes the product as an operator does: with helm. */
export class Product {
  readonly #plane: ControlPlane;
  readonly #helm: string;

  /** @param helm path of the executable */
  constructor(plane: ControlPlane, helm: string) {
    this.#plane = plane;
    this.#helm = helm;
  }

  async install(values: Values): Promise<void> {
    await this.#run(['install', release, chart, '--create-namespace', ...setFlags(values)]);
  }

  /** Waits until everything is ready again. @param values beside those of before */
  async upgrade(values: Values): Promise<void> {
    await this.#run(['upgrade', release, chart, '--reuse-values', '--wait', ...setFlags(values)]);
  }

  async uninstall(): Promise<void> {
    await this.#run(['uninstall', release]);
  }

  async #run(args: readonly string[]): Promise<void> {
    const { folder, adminKubeconfig } = this.#plane;
    await runOrThrow(this.#helm, [...args, `--namespace=${productNamespace}`], {
      // It keeps caches in HOME.
      env: { PATH: process.env['PATH'], HOME: folder, KUBECONFIG: adminKubeconfig },
      timeoutMs: helmTimeoutMs,
    });
  }
}

function setFlags(values: Values): readonly string[] {
  return Object.entries(values).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
}
