import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DaemonProcess, type ProcessExit } from './daemon-process.ts';
import { freePort } from './free-port.ts';

export interface StartControllerOptions {
  /** Existing folder that the caller removes; gets `conf.yml`. */
  readonly folder: string;
  /** Kubeconfig of the cluster. */
  readonly kubeconfig: string;
  /** Name of its pod: its identity among the candidates. */
  readonly podName: string;
  /** @default 'spiderpool' */
  readonly namespace?: string;
  /** Content of `conf.yml`. @default both families and StatefulSets */
  readonly config?: object;
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Further arguments of `spiderpool-controller daemon`. */
  readonly args?: readonly string[];
}

/** The ports of a controller, free ones of this machine. */
export interface ControllerPorts {
  readonly webhook: number;
  readonly health: number;
  readonly metrics: number;
}

/** The controller did not start; the message has the end of its log. */
export class ControllerStartError extends Error {
  override readonly name = 'ControllerStartError';
  readonly code = 'SP_CONTROLLER_START';
}

const executable = fileURLToPath(new URL('../../dist/spiderpool-controller.js', import.meta.url));
/** It is ready in about a second; a loaded machine gets its time. */
const startTimeoutMs = 60_000;
const pollMs = 50;
const defaultConfig = { enableIPv4: true, enableIPv6: true, enableStatefulSet: true };

/** A real controller, as a child process. Hold it with `await using`. */
export class RunningController implements AsyncDisposable {
  readonly ports: ControllerPorts;
  readonly #options: StartControllerOptions;
  readonly #process = new DaemonProcess();

  /** Use {@link startController}. */
  constructor(options: StartControllerOptions, ports: ControllerPorts) {
    this.#options = options;
    this.ports = ports;
  }

  get podName(): string {
    return this.#options.podName;
  }

  /** Undefined while it is not running. */
  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** What it printed on both outputs since its first start. */
  get log(): string {
    return this.#process.log;
  }

  /** How it ends; settles with its end. */
  get exit(): Promise<ProcessExit> {
    return this.#process.exit;
  }

  /** Starts the process and waits until it has begun to serve. @throws ControllerStartError */
  async start(): Promise<void> {
    if (this.pid !== undefined) throw new ControllerStartError('the controller is running already');
    const { folder, kubeconfig, podName, namespace = 'spiderpool', env, args = [] } = this.#options;
    const before = this.log.length;
    this.#process.spawn(
      [
        process.execPath,
        executable,
        'daemon',
        '--kubeconfig',
        kubeconfig,
        '--config-path',
        join(folder, 'conf.yml'),
        ...args,
      ],
      {
        ...process.env,
        SPIDERPOOL_POD_NAMESPACE: namespace,
        SPIDERPOOL_POD_NAME: podName,
        SPIDERPOOL_ENABLED_METRIC: 'true',
        SPIDERPOOL_WEBHOOK_PORT: String(this.ports.webhook),
        SPIDERPOOL_HEALTH_PORT: String(this.ports.health),
        SPIDERPOOL_METRIC_HTTP_PORT: String(this.ports.metrics),
        ...env,
      },
    );
    const deadline = performance.now() + startTimeoutMs;
    while (performance.now() < deadline) {
      if (this.log.slice(before).includes('"msg":"serving"')) return;
      if (this.pid === undefined) break;
      await sleep(pollMs);
    }
    await this.kill();
    throw new ControllerStartError(`the controller did not start:\n${this.#process.tail}`);
  }

  /** Asks a health route: `startup`, `readiness` or `liveness`. @returns the status; 0 when nothing answers */
  async health(route: 'startup' | 'readiness' | 'liveness'): Promise<number> {
    try {
      return (await fetch(`http://127.0.0.1:${this.ports.health}/v1/runtime/${route}`)).status;
    } catch {
      return 0;
    }
  }

  /** Its metrics, as a scraper gets them. */
  async metrics(): Promise<string> {
    return (await fetch(`http://127.0.0.1:${this.ports.metrics}/metrics`)).text();
  }

  /** Sends the signal and waits for the end of the process. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<ProcessExit> {
    return this.#process.kill(signal);
  }

  /** Stops it with SIGTERM; kills it when that takes too long. */
  async stop(): Promise<ProcessExit> {
    return this.#process.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/**
 * Starts `spiderpool-controller daemon` on free ports and waits until it serves; whether it leads is another matter.
 * @throws ControllerStartError with the end of its log
 */
export async function startController(options: StartControllerOptions): Promise<RunningController> {
  await mkdir(options.folder, { recursive: true });
  // JSON is YAML.
  await writeFile(join(options.folder, 'conf.yml'), JSON.stringify(options.config ?? defaultConfig));
  const [webhook, health, metrics] = [await freePort(), await freePort(), await freePort()];
  const controller = new RunningController(options, { webhook, health, metrics });
  await controller.start();
  return controller;
}
