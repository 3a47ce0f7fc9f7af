import { join } from 'node:path';
import { type GoTools, provideGoTools } from './go-tools.ts';

const tools: GoTools = { name: 'helm', module: 'helm.sh/helm/v3', packages: { helm: 'cmd/helm' } };

/** Helm is not there and can't be built; the message is one line that says what to do. */
export class HelmError extends Error {
  override readonly name = 'HelmError';
  readonly code = 'SP_HELM_MISSING';
}

export interface FindHelmOptions {
  /** Read for XDG_CACHE_HOME, HOME, PATH and Go's own variables. @default process.env */
  readonly env?: NodeJS.ProcessEnv;
  /** Told before something takes minutes. @default prints on stderr */
  readonly onProgress?: (message: string) => void;
}

/**
 * Finds the helm of the version in `test/tools/go.mod` in the user's cache, else builds it there with Go.
 * @returns path of the executable
 * @throws HelmError with one line that says what to do
 */
export async function findHelm(options: FindHelmOptions = {}): Promise<string> {
  const { env = process.env, onProgress = (message: string): void => console.error(message) } = options;
  try {
    return join(await provideGoTools(tools, { env, onProgress }), 'helm');
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    const message = `helm can't be built: install Go 1.24 or newer (${reason})`;
    throw new HelmError(message, { cause: error });
  }
}
