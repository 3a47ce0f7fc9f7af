import type { ControlPlane } from '../../support/control-plane.ts';
import { findHelm } from '../../support/helm.ts';
import type { ClusterNode } from './cluster-node.ts';
import { Product } from './product.ts';
import { type RealCluster, startRealCluster } from './real-cluster.ts';
import { Shell } from './shell.ts';

/** A cluster to install the product on, and what tests do with it. */
export interface TestCluster extends AsyncDisposable {
  readonly plane: ControlPlane;
  readonly nodes: readonly ClusterNode[];
  readonly product: Product;
  readonly shell: Shell;
}

/** Images that the examples in the documents name. */
const exampleImages = ['docker.io/library/busybox:1.37'];

/** Starts two nodes that have the product's image, and installs nothing. Hold it with `await using`. */
export async function startTestCluster(): Promise<TestCluster> {
  const cluster: RealCluster = await startRealCluster({ examples: exampleImages });
  return {
    plane: cluster.plane,
    nodes: cluster.nodes,
    product: new Product(cluster.plane, await findHelm()),
    shell: new Shell(cluster.plane),
    [Symbol.asyncDispose]: async () => cluster[Symbol.asyncDispose](),
  };
}
