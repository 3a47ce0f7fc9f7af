// `node scripts/manifests.ts [--check]`: writes what is derived from the chart: deploy/manifests with its default values, for `kubectl apply`, and the
// schema and the table of its values.

import {
  ManifestsError,
  manifestFiles,
  readManifestFiles,
  readValuesFiles,
  valuesFiles,
  writeManifestFiles,
  writeValuesFiles,
} from './lib/chart-manifests.ts';

try {
  const args = process.argv.slice(2);
  if (args.some((arg) => arg !== '--check'))
    throw new ManifestsError('manifests takes --check, and nothing else');
  // The schema first: helm holds the values against it when it renders.
  const values = await valuesFiles();
  if (args.includes('--check')) {
    assertSame('deploy/chart', values, await readValuesFiles());
    assertSame('deploy/manifests', await manifestFiles(), await readManifestFiles());
  } else {
    await writeValuesFiles(values);
    await writeManifestFiles(await manifestFiles());
  }
} catch (error) {
  if (!(error instanceof ManifestsError)) throw error;
  console.error(`manifests: ${error.message}`);
  process.exitCode = 1;
}

function assertSame(
  folder: string,
  wanted: ReadonlyMap<string, string>,
  standing: ReadonlyMap<string, string>,
): void {
  const names = [...new Set([...wanted.keys(), ...standing.keys()])].sort();
  const different = names.filter((name) => wanted.get(name) !== standing.get(name));
  if (different.length === 0) return;
  throw new ManifestsError(
    `${folder}: ${different.join(', ')} is not what the chart says; run node scripts/manifests.ts`,
  );
}
