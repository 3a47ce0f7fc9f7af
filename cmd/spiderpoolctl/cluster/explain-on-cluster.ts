import { explainShape } from '../../../daemon/agent/explain-shape.ts';
import { type Explanation, explainPlan } from '../../../daemon/agent/explanation.ts';
import { parseAttachmentRequest } from '../../../daemon/agent/handlers/attachment-request.ts';
import { namespaceAnnotations } from '../../../src/api/names.ts';
import { waitOrAbort } from '../../../src/async/wait-or-abort.ts';
import type { RequestFacts } from '../../../src/cluster/cluster.ts';
import { boundedLabels, pickAnnotations } from '../../../src/cluster/kubernetes/bounded-labels.ts';
import { type ObjectMetadata, parseMetadata } from '../../../src/cluster/kubernetes/object-metadata.ts';
import { deathOf, type PodView, parsePodView } from '../../../src/cluster/kubernetes/pod-view.ts';
import { readObject } from '../../../src/cluster/kubernetes/read-object.ts';
import { staticOwnerOf } from '../../../src/cluster/kubernetes/static-owner.ts';
import { CniCode, CniError } from '../../../src/cni/error.ts';
import { formatAddress } from '../../../src/ip/address.ts';
import { planAdd } from '../../../src/ipam/plan.ts';
import type { KubeApi } from '../../../src/kube/kube-api.ts';
import { type KubeResource, kubeResources, resourcePath } from '../../../src/kube/resource-path.ts';
import { openBlockLedger, openNodelessLedger } from '../../../src/ledger/blocks/block-ledger.ts';
import type { ExplainShape } from '../../../src/wire/shapes.ts';
import { CtlError } from '../ctl-error.ts';
import { composeExplainRequest, composeNetworkConfig } from '../explain-request.ts';
import type { Answer, ExplainQuestion } from '../source.ts';
import { LimitedKubeApi } from './limited-kube-api.ts';
import { readNetworkOfNic } from './network-of-pod.ts';
import { type ClusterConf, readConf } from './read-conf.ts';
import { readPools } from './read-pools.ts';

/** What an explanation is read with. */
export interface ExplainContext {
  readonly api: KubeApi;
  /** Of agents and controllers. */
  readonly namespace: string;
  readonly signal: AbortSignal;
}

/** The pod that is explained; undefined when the question names none. */
interface Subject {
  readonly view: PodView | undefined;
  /** It is in the API server, with a UID. */
  readonly exists: boolean;
  /** Empty when it is on no node. */
  readonly nodeName: string;
}

/**
 * What an ADD for a pod of the cluster would do, with the facts that the agent of its node has and with its decisions. Writes nothing.
 *
 * @throws {CtlError} when what the question names is not there; CniError, KubeError, ConfError, LedgerError
 */
export async function explainOnCluster(
  { api: anyApi, namespace, signal }: ExplainContext,
  question: ExplainQuestion,
): Promise<Answer<ExplainShape>> {
  // A search for an address may mend labels on its way.
  const api = new LimitedKubeApi(anyApi, { readOnly: true });
  const context = { api, namespace, signal };
  const [cluster, { catalog }, subject] = await Promise.all([
    readConf(api, namespace, signal),
    readPools(api, signal),
    readSubject(context, question),
  ]);
  const notes = [cluster.note, ...notesOf(subject, question)].filter((note) => note !== undefined);
  const common = await readCommonFacts(context, subject, cluster);
  const facts: RequestFacts = { ...common, catalog };
  const config = question.config ?? (await configFor(context, subject, facts, { question, notes }));
  const { view } = subject;
  const pod = view === undefined ? {} : { pod: `${view.namespace}/${view.name}` };
  const body = composeExplainRequest(config, { ...question.options, ...pod });
  const { add } = parseAttachmentRequest('add', body, undefined);
  const plan = planAdd(add.nicRequest, facts, { 4: cluster.conf.enableIPv4, 6: cluster.conf.enableIPv6 });
  const { nodeName } = subject;
  await using ledger =
    nodeName === '' ? openNodelessLedger({ api }) : await openBlockLedger({ api, nodeName, signal });
  const explanation: Explanation = await waitOrAbort(
    explainPlan(add, { facts, plan, nodeName, ledger }),
    signal,
  );
  if (plan.problem !== undefined && facts.uid !== undefined) {
    const held = await ledger.records({ node: nodeName, uid: facts.uid, nic: add.attachment.nic });
    for (const { address, pool } of held) {
      notes.push(
        `NIC ${add.attachment.nic} has ${formatAddress(address)} of pool ${pool} already, and keeps it`,
      );
    }
  }
  const value = explainShape(explanation);
  return { body: value, value, notes };
}

async function readSubject(
  { api, signal }: ExplainContext,
  { options, pod, node }: ExplainQuestion,
): Promise<Subject> {
  if (pod !== undefined) {
    const view = parsePodView(pod);
    return { view, exists: false, nodeName: node ?? view.nodeName ?? '' };
  }
  if (options.pod === undefined) return { view: undefined, exists: false, nodeName: node ?? '' };
  const [namespace = '', name = ''] = options.pod.split('/');
  const path = resourcePath(kubeResources.pods, { namespace, name });
  const view = await readObject(api, path, parsePodView, { what: `pod ${options.pod}`, signal });
  if (view === undefined) {
    throw new CtlError(
      'CTL_REFUSED',
      `there is no pod ${options.pod}: explain one that does not exist yet by its --manifest`,
    );
  }
  const death = deathOf(view);
  if (death !== undefined) {
    throw new CniError(CniCode.podNotAlive, `pod ${options.pod} ${death}: it gets no addresses`);
  }
  return { view, exists: true, nodeName: node ?? view.nodeName ?? '' };
}

function notesOf({ view, exists, nodeName }: Subject, { node }: ExplainQuestion): readonly string[] {
  if (exists && node !== undefined && view?.nodeName !== undefined && node !== view.nodeName) {
    return [`the pod is on node ${view.nodeName}; explained as if it was on ${node}`];
  }
  if (nodeName !== '') return [];
  return ['no node is named: pools that are bound to nodes are rejected; --node names one'];
}

async function readCommonFacts(
  { api, namespace: agentNamespace, signal }: ExplainContext,
  { view, exists, nodeName }: Subject,
  { conf, clusterNetwork }: ClusterConf,
): Promise<Omit<RequestFacts, 'catalog'>> {
  const [node, namespace] = await Promise.all([
    nodeName === '' ? undefined : readMetadata(api, kubeResources.nodes, nodeName, signal),
    view === undefined ? undefined : readMetadata(api, kubeResources.namespaces, view.namespace, signal),
  ]);
  if (nodeName !== '' && node === undefined) {
    throw new CtlError('CTL_REFUSED', `there is no node ${nodeName}`);
  }
  const nodeLabels = boundedLabels(node?.labels ?? {});
  const owner = view && staticOwnerOf(view, conf);
  // The runtime calls a static pod by another UID than the API server does.
  const uid = view !== undefined && exists ? (view.configHash ?? view.uid) : undefined;
  return {
    node: { name: nodeName, ...(nodeLabels && { labels: nodeLabels }) },
    ...(view && { namespace: namespaceFacts(view.namespace, namespace) }),
    ...(view && {
      pod: { name: view.name, annotations: view.annotations, ...(view.labels && { labels: view.labels }) },
    }),
    multus: { agentNamespace, ...(clusterNetwork !== undefined && { clusterNetwork }) },
    subnetsEnabled: conf.enableSpiderSubnet,
    ...(uid !== undefined && { uid }),
    ...(owner && { owner }),
  };
}

/** One that does not exist yet has neither labels nor annotations. */
function namespaceFacts(
  name: string,
  found: ObjectMetadata | undefined,
): NonNullable<RequestFacts['namespace']> {
  const labels = boundedLabels(found?.labels ?? {});
  const annotations = pickAnnotations(found?.annotations ?? {}, Object.values(namespaceAnnotations));
  return { name, annotations, ...(labels && { labels }) };
}

async function readMetadata(
  api: KubeApi,
  resource: KubeResource,
  name: string,
  signal: AbortSignal,
): Promise<ObjectMetadata | undefined> {
  const what = `${resource.plural} ${name}`;
  return readObject(api, resourcePath(resource, { name }), parseMetadata, { what, view: 'metadata', signal });
}

/** What the runtime would hand to the plugin, as far as the cluster tells. */
async function configFor(
  { api, signal }: ExplainContext,
  { view }: Subject,
  facts: RequestFacts,
  { question, notes }: { readonly question: ExplainQuestion; readonly notes: string[] },
): Promise<object> {
  const { options } = question;
  const found = view === undefined ? undefined : await readNetworkOfNic(api, options.nic, facts, signal);
  if (found !== undefined) return found;
  if (view !== undefined) {
    notes.push(
      `the network configuration of NIC ${options.nic} is a file of the node: explained as if it named no pools; name a copy of it with --config`,
    );
  }
  return composeNetworkConfig(options);
}
