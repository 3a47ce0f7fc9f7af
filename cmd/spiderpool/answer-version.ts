import { cniVersions } from '../../src/cni/version.ts';
import { versionResponse } from '../../src/cni/version-response.ts';
import type { Outcome } from './outcome.ts';

/** Set by the build from package.json. */
declare const __VERSION__: string;

/** What a person gets who runs the plugin by hand. */
export function aboutOutcome(): Outcome {
  const about = `Spiderpool IPAM ${__VERSION__}\nCNI protocol versions supported: ${cniVersions.join(', ')}`;
  return { output: '', exitCode: 0, note: about };
}

/** Answers VERSION; neither the agent nor stdin is asked. */
export function versionOutcome(): Outcome {
  return { output: `${JSON.stringify(versionResponse)}\n`, exitCode: 0 };
}
