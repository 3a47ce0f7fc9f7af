import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { pino } from 'pino';
import { collectionReportAnnotation, collectionRequestAnnotation } from '../../../src/api/names.ts';
import { createKubeApi } from '../../../src/kube/create-kube-api.ts';
import { LeaderElection } from '../../../src/kube/leader-election.ts';
import { parseLease } from '../../../src/kube/lease.ts';
import { collectionReportSchema } from '../../../src/wire/collection-report.ts';
import { until } from '../../../test/integration/harness/until.ts';
import { type ControlPlane, startControlPlane } from '../../../test/support/control-plane.ts';
import { CollectionRequests } from './collection-requests.ts';
import { nobody, RecordsByHand, startCollector } from './testing/collector-under-test.ts';

const log = pino({ level: 'silent' });
const lease = '/apis/coordination.k8s.io/v1/namespaces/default/leases/test';

let plane: ControlPlane;

before(async () => {
  plane = await startControlPlane();
});
after(async () => plane[Symbol.asyncDispose]());

/** A leader that answers, until it is stopped. */
async function startLeader(identity: string, isEnabled = true) {
  await using stack = new AsyncDisposableStack();
  const api = stack.use(createKubeApi({ kubeconfig: plane.adminKubeconfig }));
  const times = { goneMs: 0, againMs: 3_600_000, eventPauseMs: 3_600_000 };
  const { collector } = stack.use(await startCollector(plane, { times, collection: { isEnabled } }));
  const requests = new CollectionRequests({ log, annotate: (key, value) => election.annotate(key, value) });
  const election = new LeaderElection({
    api,
    log,
    namespace: 'default',
    name: 'test',
    identity,
    leaseMs: 2_000,
    renewDeadlineMs: 1_500,
    retryMs: 100,
    onRenewed: (written) => requests.renewed(written),
  });
  let passes = 0;
  const counted = {
    collectNow: async (signal: AbortSignal) => {
      passes += 1;
      return collector.collectNow(signal);
    },
  };
  const ending = new AbortController();
  const ended = election.run(ending.signal, async (signal) => requests.answeredBy(counted).run(signal));
  stack.defer(async () => {
    ending.abort();
    await ended.catch(() => undefined);
  });
  const owned = stack.move();
  return { passes: () => passes, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function annotations(): Promise<Readonly<Record<string, string>>> {
  return parseLease((await plane.adminRequest('GET', lease)).body).annotations;
}

async function ask(request: string): Promise<void> {
  await until('the request stands', async () => {
    const body = { metadata: { annotations: { [collectionRequestAnnotation]: request } } };
    return (await plane.adminRequest('PATCH', lease, body)).status === 200;
  });
}

async function answerTo(request: string) {
  return until(`${request} is answered`, async () => {
    const report = (await annotations())[collectionReportAnnotation];
    const parsed = collectionReportSchema.safeParse(report === undefined ? undefined : JSON.parse(report));
    return parsed.success && parsed.data.request === request ? parsed.data : undefined;
  });
}

test('CollectionRequests answers each request once, whoever leads, with what was freed', async () => {
  const records = new RecordsByHand(plane);
  const second = await (async () => {
    await using first = await startLeader('first');
    await ask('begin');
    assert.equal((await answerTo('begin')).freedCount, 0);
    for (let last = 1; last <= 120; last += 1) {
      await records.write(`10.1.${Math.floor(last / 64)}.${last % 64}`, { pod: nobody(`gone-${last}`) });
    }
    let freed = 0;
    await until('all that is gone is freed', async () => {
      const request = `request-${freed}-${Math.random()}`;
      await ask(request);
      const report = await answerTo(request);
      assert.equal(report.error, undefined);
      assert.equal(report.freed.length, Math.min(report.freedCount, 100));
      assert.equal(report.suspectCount, report.freedCount);
      freed += report.freedCount;
      return freed === 120;
    });
    const passes = first.passes();
    await ask('later');
    await answerTo('later');
    assert.equal(first.passes(), passes + 1);
    return startLeader('second');
  })();
  await using _ = second;
  await until('the second leads', async () => {
    return parseLease((await plane.adminRequest('GET', lease)).body).holder === 'second';
  });
  await ask('x'.repeat(257));
  await ask('after');
  assert.deepEqual((await answerTo('after')).freed, []);
  assert.equal(second.passes(), 1);
});

test('CollectionRequests passes on why nothing was collected', async () => {
  await using _ = await startLeader('switched-off', false);
  await ask('why');
  assert.match((await answerTo('why')).error ?? '', /switched off/);
});
