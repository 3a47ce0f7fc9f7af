// `node scripts/manifests.ts [--check]`: renders the chart with its default values into deploy/manifests, for `kubectl apply`.

import {
  ManifestsError,
  manifestFiles,
  readManifestFiles,
  writeManifestFiles,
} from './lib/chart-manifests.ts';

try {
  const args = process.argv.slice(2);
  if (args.some((arg) => arg !== '--check'))
    throw new ManifestsError('manifests takes --check, and nothing else');
  const wanted = await manifestFiles();
  if (args.includes('--check')) {
    const standing = await readManifestFiles();
    const names = [...new Set([...wanted.keys(), ...standing.keys()])].sort();
    const different = names.filter((name) => wanted.get(name) !== standing.get(name));
    if (different.length > 0) {
      throw new ManifestsError(
        `deploy/manifests/${different.join(', ')}: not what the chart renders; run node scripts/manifests.ts`,
      );
    }
  } else {
    await writeManifestFiles(wanted);
  }
} catch (error) {
  if (!(error instanceof ManifestsError)) throw error;
  console.error(`manifests: ${error.message}`);
  process.exitCode = 1;
}
