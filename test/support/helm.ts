import { join } from 'node:path';
import {
  buildFailureText,
  completeFindOptions,
  type FindToolsOptions,
  type GoTools,
  provideGoTools,
} from './go-tools.ts';

const tools: GoTools = { name: 'helm', module: 'helm.sh/helm/v3', packages: { helm: 'cmd/helm' } };

/** Helm is not there and can't be built; the message is one line that says what to do. */
export class HelmError extends Error {
  override readonly name = 'HelmError';
  readonly code = 'SP_HELM_MISSING';
}

/**
 * Finds the helm of the version in `test/tools/go.mod` in the user's cache, else builds it there with Go.
 * @returns path of the executable
 * @throws HelmError with one line that says what to do
 */
export async function findHelm(options: FindToolsOptions = {}): Promise<string> {
  try {
    return join(await provideGoTools(tools, completeFindOptions(options)), 'helm');
  } catch (error) {
    const message = `helm can't be built: install Go 1.24 or newer (${buildFailureText(error)})`;
    throw new HelmError(message, { cause: error });
  }
}
