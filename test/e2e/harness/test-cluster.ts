import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ControlPlane } from '../../support/control-plane.ts';
import { findHelm } from '../../support/helm.ts';
import type { ClusterNode } from './cluster-node.ts';
import type { ProductImage } from './images.ts';
import { Product } from './product.ts';
import { type RealCluster, startRealCluster } from './real-cluster.ts';
import { Shell } from './shell.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** A cluster to install the product on, and what tests do with it. */
export interface TestCluster extends AsyncDisposable {
  readonly plane: ControlPlane;
  readonly nodes: readonly ClusterNode[];
  readonly product: Product;
  readonly shell: Shell;
}

/** Images that the examples in the documents name. */
const exampleImages = ['docker.io/library/nginx:1.29'];

/** Starts two nodes that have the product's image, and installs nothing. Hold it with `await using`. */
export async function startTestCluster(): Promise<TestCluster> {
  const cluster: RealCluster = await startRealCluster({ image: productImage(), examples: exampleImages });
  return {
    plane: cluster.plane,
    nodes: cluster.nodes,
    product: new Product(cluster.plane, await findHelm()),
    shell: new Shell(cluster.plane),
    [Symbol.asyncDispose]: async () => cluster[Symbol.asyncDispose](),
  };
}

/** What `scripts/build.mjs image-host` has laid out. */
function productImage(): ProductImage {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  return {
    name: `docker.io/spiderpool/spiderpool:${version}`,
    layers: ['node', 'plugin', 'programs'].map((layer) => join(root, 'dist/image/host', layer)),
  };
}
