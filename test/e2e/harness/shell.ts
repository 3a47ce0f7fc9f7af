import { until } from '../../integration/harness/until.ts';
import type { ControlPlane } from '../../support/control-plane.ts';
import type { PodView } from './pods.ts';

/** Commands in pods. */
export class Shell {
  readonly #plane: ControlPlane;

  constructor(plane: ControlPlane) {
    this.#plane = plane;
  }

  /** @returns what the command printed @throws CommandError when it fails */
  async run(pod: Pick<PodView, 'namespace' | 'name'>, ...command: readonly string[]): Promise<string> {
    const { stdout } = await this.#plane.kubectl(['-n', pod.namespace, 'exec', pod.name, '--', ...command]);
    return stdout;
  }

  /** Waits until `from` can ping the address: a bridge or a neighbour may need a moment to learn of it. */
  async untilPings(from: PodView, address: string): Promise<void> {
    await until(`${from.namespace}/${from.name} on ${from.node} reaches ${address}`, async () =>
      this.run(from, 'ping', '-c', '1', '-W', '2', address),
    );
  }

  /** Waits until `from` gets the page of the pod's web server. */
  async untilServes(from: PodView, to: PodView): Promise<void> {
    const [address = ''] = to.addresses;
    const host = address.includes(':') ? `[${address}]` : address;
    await until(`${from.name} gets the page of ${to.name}`, async () => {
      const page = await this.run(from, 'timeout', '5', 'wget', '-q', '-O', '-', `http://${host}/`);
      return page.trim() === to.name;
    });
  }
}
