import assert from 'node:assert/strict';
import { request as httpsRequest } from 'node:https';
import { after, beforeEach, test } from 'node:test';
import { connect } from 'node:tls';
import { parseAddress } from '../../src/ip/address.ts';
import { parseCidr } from '../../src/ip/cidr.ts';
import { BlockApi } from '../../src/ledger/blocks/block-api.ts';
import { blockBase, SLOTS, slotIndex } from '../../src/ledger/blocks/block-name.ts';
import { subnetLabel } from '../../src/ledger/blocks/labels.ts';
import { encodeRecord, type RawSlot, unusedSlot } from '../../src/ledger/blocks/slot.ts';
import type { AdminResponse } from '../support/admin-client.ts';
import {
  AdmissionWorld,
  manifest,
  pools,
  reservedIps,
  type Stored,
  subnets,
} from './harness/admission-world.ts';
import { until } from './harness/until.ts';

const world = await AdmissionWorld.create();
after(() => world[Symbol.asyncDispose]());

/** Every test has networks of its own: 10.n.0.0/16. */
let networks = 0;
let network = '';
beforeEach(() => {
  networks += 1;
  network = `10.${networks}.0`;
});

interface Status {
  readonly message: string;
  readonly reason: string;
  readonly code: number;
  readonly details?: {
    readonly causes?: readonly {
      readonly field: string;
      readonly reason: string;
      readonly message: string;
    }[];
  };
}

function refusal({ status, body }: AdminResponse): Status {
  assert.ok(status >= 400, `accepted with ${status}`);
  return body as Status;
}

function stored({ status, body, text }: AdminResponse): Stored {
  assert.ok(status < 300, text);
  return body as Stored;
}

/** Makes a pool of 10.n.0.0/24. */
async function createPool(name: string, spec: object = {}, metadata: object = {}): Promise<AdminResponse> {
  return world.create(
    pools,
    manifest(
      'SpiderIPPool',
      name,
      { subnet: `${network}.0/24`, ips: [`${network}.10-${network}.20`], ...spec },
      metadata,
    ),
  );
}

/** Writes the record of an address as an agent does. */
async function allocate(pool: string, subnet: string, text: string, pod: string): Promise<void> {
  const cidr = parseCidr(subnet);
  const address = parseAddress(text);
  assert.ok(cidr && address !== undefined);
  const slots: RawSlot[] = Array.from({ length: SLOTS }, () => unusedSlot);
  slots[slotIndex(address)] = encodeRecord({
    address,
    pool,
    network: 'net',
    nic: 'eth0',
    sinceMs: Date.now(),
    holders: [{ uid: pod, sandbox: pod, node: 'node-a', pod: { namespace: 'default', name: pod } }],
  });
  const labels = { [subnetLabel(cidr)]: 'open' };
  await new BlockApi(world.api, undefined).create(blockBase(address), { slots, labels });
}

/** Answers of a webhook to any body. */
async function post(
  path: string,
  body: string,
  headers: Record<string, string> = {},
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest(
      {
        host: '127.0.0.1',
        port: world.port,
        path,
        method: 'POST',
        ca: world.authority.cert,
        agent: false,
        headers: { 'content-length': String(Buffer.byteLength(body)), ...headers },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      },
    );
    request.on('error', reject).end(body);
  });
}

test('a pool gets what its writer left out', async () => {
  const { metadata, spec } = stored(
    await createPool('filled', {
      ips: [`${network}.12`, `${network}.10`, `${network}.11`],
      excludeIPs: [`${network}.11`],
    }),
  );
  assert.deepEqual(metadata.finalizers, ['spiderpool.spidernet.io']);
  assert.equal(metadata.labels?.['ipam.spidernet.io/ippool-cidr'], `10-${networks}-0-0-24`);
  assert.equal(metadata.annotations?.['ipam.spidernet.io/ledger'], 'blocks');
  assert.equal(spec['ipVersion'], 4);
  assert.deepEqual(spec['ips'], [`${network}.10-${network}.12`]);
  assert.deepEqual(spec['excludeIPs'], [`${network}.11`]);
});

test('a pool that comes with records of the original is not said to be imported', async () => {
  const pool = manifest('SpiderIPPool', 'original', { subnet: `${network}.0/24` });
  const status = { allocatedIPs: `{"${network}.10":{"pod":"a/b","podUid":"u"}}` };
  const { metadata } = stored(await world.create(pools, { ...pool, status }));
  assert.equal(metadata.annotations?.['ipam.spidernet.io/ledger'], undefined);
});

test('a pool with a name that is yet to be made is filled in and checked', async () => {
  const pool = {
    ...manifest('SpiderIPPool', '', { subnet: `${network}.0/24` }),
    metadata: { generateName: 'made-' },
  };
  const { metadata } = stored(await world.create(pools, pool));
  assert.match(metadata.name, /^made-/);
  assert.deepEqual(metadata.finalizers, ['spiderpool.spidernet.io']);
});

test('a wrong pool is refused with every error and its field', async () => {
  const { code, reason, message, details } = refusal(
    await createPool('wrong', {
      gateway: `${network}.15`,
      routes: [{ dst: '0.0.0.0/0', gw: `${network}.1` }],
    }),
  );
  assert.deepEqual([code, reason], [422, 'Invalid']);
  assert.match(
    message,
    /^admission webhook .* denied the request: SpiderIPPool "wrong" is invalid: \[spec\.gateway: /,
  );
  assert.deepEqual(details?.causes, [
    {
      reason: 'FieldValueInvalid',
      field: 'spec.gateway',
      message: `"${network}.15" is one of the addresses in ips: add it to excludeIPs, so that no pod gets it`,
    },
    {
      reason: 'FieldValueInvalid',
      field: 'spec.routes[0].dst',
      message: '"0.0.0.0/0" is the default route: use gateway for it, and remove this route',
    },
  ]);
});

test('a dry run is answered alike and changes nothing', async () => {
  const wrong = manifest('SpiderIPPool', 'dry', { subnet: `${network}.1/24` });
  assert.equal((await world.create(pools, wrong, { dryRun: 'All' })).status, 422);
  const good = manifest('SpiderIPPool', 'dry', { subnet: `${network}.0/24` });
  stored(await world.create(pools, good, { dryRun: 'All' }));
  assert.equal((await world.plane.adminRequest('GET', `${pools}/dry`)).status, 404);
});

test('a name that is taken is refused with 409, and addresses of another pool with 422', async () => {
  stored(await createPool('first'));
  await until('the watch tells of the pool', async () => (await createPool('second')).status === 422);
  const taken = refusal(await createPool('first'));
  assert.deepEqual([taken.code, taken.reason], [409, 'AlreadyExists']);
  const { details } = refusal(await createPool('second'));
  assert.deepEqual(details?.causes, [
    {
      reason: 'FieldValueForbidden',
      field: 'spec.ips',
      message: `${network}.10-${network}.20 belong to pool "first": remove them from ips, or add them to excludeIPs`,
    },
  ]);
  const wider = refusal(await createPool('second', { subnet: `${network}.0/16`, ips: [] }));
  assert.match(wider.message, /overlaps 10\.\d+\.0\.0\/24 of pool "first"/);
  stored(await createPool('second', { ips: [`${network}.21`] }));
});

test('addresses of a pool that is gone are given at once, whatever a watch still says', async () => {
  for (let round = 0; round < 5; round++) {
    stored(await createPool('short'));
    await world.patch(`${pools}/short`, { metadata: { finalizers: [] } });
    await world.plane.adminRequest('DELETE', `${pools}/short`);
    await until('the pool is gone', async () => {
      const { status } = await world.plane.adminRequest('GET', `${pools}/short`);
      if (status === 200) await world.patch(`${pools}/short`, { metadata: { finalizers: null } });
      return status === 404;
    });
  }
  stored(await createPool('long'));
});

test('a pool that is wrong already can be disabled and repaired in part, not worsened', async () => {
  const path = `${pools}/broken`;
  stored(await createPool('broken'));
  // As it may have been stored while admission was away: straight into the store, by a configuration that asks nobody.
  await world.unasked(async () => {
    stored(
      await world.patch(path, {
        spec: { ips: [`${network}.9-${network}.1`, 'x'], gateway: 'y', podAffinity: {} },
      }),
    );
  });
  stored(await world.patch(path, { spec: { disable: true } }));
  stored(await world.patch(path, { spec: { ips: [`${network}.9-${network}.1`] } }));
  const { details } = refusal(
    await world.patch(path, { spec: { routes: [{ dst: 'z', gw: `${network}.1` }] } }),
  );
  assert.deepEqual(
    details?.causes?.map(({ field }) => field),
    ['spec.routes[0].dst'],
  );
  stored(
    await world.patch(path, {
      spec: { ips: [`${network}.1-${network}.9`], gateway: null, podAffinity: null },
    }),
  );
});

test('addresses in use stay in their pool, the others may go', async () => {
  const path = `${pools}/used`;
  stored(await createPool('used'));
  await allocate('used', `${network}.0/24`, `${network}.15`, 'web');
  const { details } = refusal(await world.patch(path, { spec: { ips: [`${network}.10-${network}.14`] } }));
  assert.deepEqual(
    details?.causes?.map(({ message }) => message),
    [
      `${network}.15 is used by pod "default/web": keep it in ips and out of excludeIPs until the pod is gone`,
    ],
  );
  assert.equal(refusal(await world.patch(path, { spec: { excludeIPs: [`${network}.15`] } })).code, 422);
  stored(await world.patch(path, { spec: { ips: [`${network}.15-${network}.20`] } }));
});

test('records of the original that were not imported count as well', async () => {
  const path = `${pools}/unimported`;
  stored(await createPool('unimported', {}, { annotations: { 'ipam.spidernet.io/ledger': 'other' } }));
  const allocatedIPs = `{"${network}.11":{"pod":"ns/old","podUid":"u"}}`;
  stored(await world.patch(`${path}/status`, { status: { allocatedIPs } }));
  assert.match(
    refusal(await world.patch(path, { spec: { ips: [] } })).message,
    /11 is used by pod "ns\/old"/,
  );
});

test('while records can not be read nothing is taken away, but deleted', async () => {
  const path = `${pools}/unread`;
  stored(await createPool('unread'));
  await world.restart({ refusesDeletionInUse: true });
  const fault = { kind: 'status', status: 500 } as const;
  const injected = world.proxy.inject({ path: /spideripblocks/, fault });
  const { code, message } = refusal(await world.patch(path, { spec: { ips: [`${network}.10`] } }));
  assert.equal(code, 503);
  assert.match(message, /which addresses of pool "unread" are in use can't be read now: try again/);
  stored(await world.patch(path, { spec: { ips: [`${network}.10-${network}.21`] } }));
  stored(await world.plane.adminRequest('DELETE', path));
  injected.remove();
  assert.ok(injected.hits > 1);
  await world.restart({ refusesDeletionInUse: false });
});

test('an answer costs the API server nothing, however many pools there are', async () => {
  const read = /\/(spiderippools|spidersubnets|spideripblocks)/;
  const before = world.proxy.countRequests('GET', read);
  for (let n = 0; n < 10; n++) {
    stored(await createPool(`cheap-${n}`, { ips: [`${network}.${n}`] }));
    stored(
      await world.patch(`${pools}/cheap-${n}`, {
        spec: { disable: true, ips: [`${network}.${n}`, `${network}.${n + 100}`] },
      }),
    );
  }
  // A watch may begin anew meanwhile.
  assert.ok(world.proxy.countRequests('GET', read) - before < 10);
});

test('ipVersion and subnet never change', async () => {
  stored(await createPool('fixed'));
  assert.equal(refusal(await world.patch(`${pools}/fixed`, { spec: { subnet: '10.250.0.0/16' } })).code, 422);
});

test('pools as large as IPv6 networks are checked at once', async () => {
  const spec = {
    subnet: 'fd00:1::/32',
    ips: ['fd00:1::-fd00:1:ffff:ffff:ffff:ffff:ffff:ffff', 'fd00:1::5'],
    excludeIPs: ['fd00:1::-fd00:1:0:ffff:ffff:ffff:ffff:ffff', 'fd00:1:5::-fd00:1:6::'],
  };
  const startedMs = performance.now();
  const created = stored(await world.create(pools, manifest('SpiderIPPool', 'vast', spec)));
  assert.deepEqual(created.spec['ips'], ['fd00:1::-fd00:1:ffff:ffff:ffff:ffff:ffff:ffff']);
  stored(await world.patch(`${pools}/vast`, { spec: { excludeIPs: ['fd00:1::-fd00:1:7fff::'] } }));
  // An enumeration would end with neither this nor any other test's limit.
  assert.ok(performance.now() - startedMs < 30_000);
});

test('what is odd in a valid pool is told as a warning', async () => {
  const warnings = await fetchWarnings({ subnet: `${network}.0/24`, ips: [`${network}.0-${network}.9`] });
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? '', /is the network address of the subnet/);
});

test('reserved addresses are filled in and checked', async () => {
  const made = stored(
    await world.create(
      reservedIps,
      manifest('SpiderReservedIP', 'gateways', { ips: [`${network}.2`, `${network}.1`] }),
    ),
  );
  assert.deepEqual(made.spec, { ipVersion: 4, ips: [`${network}.1-${network}.2`] });
  const { details } = refusal(
    await world.create(
      reservedIps,
      manifest('SpiderReservedIP', 'wrong', { ipVersion: 4, ips: ['fd00::1'] }),
    ),
  );
  assert.equal(details?.causes?.[0]?.field, 'spec.ips[0]');
});

test('subnets are filled in and checked while their feature is off, and get no pool', async () => {
  const spec = { subnet: `${network}.0/24`, ips: [`${network}.1-${network}.100`] };
  const subnet = stored(await world.create(subnets, manifest('SpiderSubnet', 'alone', spec)));
  assert.deepEqual(subnet.metadata.finalizers, ['spiderpool.spidernet.io']);
  assert.equal(subnet.metadata.labels?.['ipam.spidernet.io/subnet-cidr'], `10-${networks}-0-0-24`);
  const pool = stored(await createPool('unowned'));
  assert.equal(pool.metadata.ownerReferences, undefined);
  const overlapping = manifest('SpiderSubnet', 'other', { subnet: `${network}.0/16` });
  assert.match(refusal(await world.create(subnets, overlapping)).message, /overlaps .* of subnet "alone"/);
  await until('the watch tells of the pool', async () => {
    const { status } = await world.patch(`${subnets}/alone`, { spec: { ips: [`${network}.1`] } });
    return status === 422;
  });
});

test('the webhooks refuse what is no review, and say what is wrong', async () => {
  const path = '/validate-spiderpool-spidernet-io-v2beta1-spiderippool';
  const review = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' };
  assert.deepEqual((await post('/nowhere', '{}')).status, 404);
  assert.match((await post(path, '{')).text, /not JSON/);
  assert.equal((await post(path, '{')).status, 400);
  for (const body of ['', 'null', '[]', '{}', JSON.stringify({ ...review, request: {} })]) {
    assert.equal((await post(path, body)).status, 400, body);
  }
  const beta = {
    ...review,
    apiVersion: 'admission.k8s.io/v1beta1',
    request: { uid: 'u', operation: 'CREATE' },
  };
  assert.match(
    (await post(path, JSON.stringify(beta))).text,
    /not a request as admission\.k8s\.io\/v1 has it/,
  );
  // The answer may be overtaken by the end of the connection.
  const huge = await post(path, 'x'.repeat(4 * 2 ** 20)).catch((error: NodeJS.ErrnoException) => ({
    status: error.code === 'EPIPE' || error.code === 'ECONNRESET' ? 413 : 0,
  }));
  assert.equal(huge.status, 413);
  for (const object of [
    null,
    'x',
    [],
    {},
    { metadata: 5, spec: [] },
    { metadata: { name: 'a' }, spec: { ips: 5n } },
  ]) {
    const request = { uid: 'u-1', operation: 'CREATE', object };
    const body = JSON.stringify({ ...review, request }, (_, value: unknown) =>
      typeof value === 'bigint' ? 5 : value,
    );
    const { status, text } = await post(path, body);
    assert.equal(status, 200);
    const { response } = JSON.parse(text) as { response: { uid: string; allowed: boolean; status: Status } };
    assert.deepEqual([response.uid, response.allowed, response.status.code], ['u-1', false, 422]);
    const mutated = JSON.parse((await post(path.replace('validate', 'mutate'), body)).text) as typeof JSON;
    assert.deepEqual((mutated as { response?: object }).response, { uid: 'u-1', allowed: true });
  }
  const health = await fetchHealth();
  assert.equal(health, 200);
});

test('a new certificate is taken over without a restart, and a bad one is not', async () => {
  const before = await servedFingerprint();
  world.certificate.give({ cert: 'x', key: 'y' });
  assert.equal(await servedFingerprint(), before);
  world.certificate.give(await world.makeCertificate());
  assert.notEqual(await servedFingerprint(), before);
  stored(await createPool('after-renewal'));
});

test('without a controller nothing is made or changed, but addresses and status are written and objects go', async () => {
  const path = `${pools}/lonely`;
  stored(await createPool('lonely'));
  await world.stop();
  assert.match(refusal(await createPool('late')).message, /failed calling webhook/);
  assert.match(
    refusal(await world.patch(path, { spec: { disable: true } })).message,
    /failed calling webhook/,
  );
  await allocate('lonely', `${network}.0/24`, `${network}.10`, 'web');
  const base = `v4-${[10, networks, 0, 0].map((part) => part.toString(16).padStart(2, '0')).join('')}`;
  const blocks = '/apis/spiderpool.spidernet.io/v2beta1/spideripblocks';
  stored(
    await world.plane.adminRequest(
      'PATCH',
      `${blocks}/${base}`,
      [{ op: 'replace', path: '/spec/slots/10', value: {} }],
      { contentType: 'application/json-patch+json' },
    ),
  );
  stored(await world.patch(`${path}/status`, { status: { allocatedIPCount: 1 } }));
  stored(await world.plane.adminRequest('DELETE', path));
  stored(await world.patch(path, { metadata: { finalizers: [] } }));
  assert.equal((await world.plane.adminRequest('GET', path)).status, 404);
  await world.start();
  stored(await createPool('late'));
});

test('before the pools are read nothing is made, and the answer says that this passes', async () => {
  const path = `${pools}/ending`;
  stored(await createPool('ending'));
  stored(await world.plane.adminRequest('DELETE', path));
  await world.stop();
  world.startUnread();
  const answer = await until('the webhooks listen', async () => {
    const made = refusal(await createPool('early'));
    return made.code === 503 ? made : undefined;
  });
  assert.match(answer.message, /has not read the SpiderIPPools yet: try again/);
  assert.equal(answer.reason, 'ServiceUnavailable');
  // What is being deleted needs nobody's word: its spec is fixed, and it goes with its finalizer.
  assert.match(
    refusal(await world.patch(path, { spec: { disable: true } })).message,
    /the pool is being deleted, so its spec is fixed/,
  );
  stored(await world.patch(path, { metadata: { finalizers: [] }, spec: { disable: true } }));
  stored(await world.create(reservedIps, manifest('SpiderReservedIP', 'early', { ips: [`${network}.2`] })));
  await world.restart({});
});

test('pools that are made at the same moment may both pass, and later ones see them', async () => {
  const answers = await Promise.all(Array.from({ length: 8 }, (_, n) => createPool(`race-${n}`)));
  const made = answers.filter(({ status }) => status === 201).length;
  assert.ok(made >= 1);
  await until('the watch tells of them', async () => (await createPool('race-late')).status === 422);
});

test('a pool or subnet with addresses in use is not deleted where the configuration says so', async () => {
  const path = `${pools}/kept`;
  stored(await createPool('kept'));
  await allocate('kept', `${network}.0/24`, `${network}.10`, 'web');
  await world.restart({ refusesDeletionInUse: true });
  const { code, message } = refusal(await world.plane.adminRequest('DELETE', path));
  assert.equal(code, 403);
  assert.match(
    message,
    /pool "kept" has addresses in use, such as 10\.\d+\.0\.10 of pod "default\/web": delete it when/,
  );
  network = `${network.slice(0, -1)}1`;
  stored(await createPool('empty'));
  stored(await world.plane.adminRequest('DELETE', `${pools}/empty`));
  await world.restart({ refusesDeletionInUse: false });
  stored(await world.plane.adminRequest('DELETE', path));
});

test('with subnets on, a pool belongs to the subnet of its network', async () => {
  await world.restart({ enableSpiderSubnet: true });
  const subnet = manifest('SpiderSubnet', 'owner', {
    subnet: `${network}.0/24`,
    ips: [`${network}.1-${network}.100`],
    excludeIPs: [`${network}.1`],
    gateway: `${network}.1`,
    routes: [{ dst: '10.255.0.0/16', gw: `${network}.1` }],
  });
  const { metadata: owner } = stored(await world.create(subnets, subnet));
  const pool = await until('the watch tells of the subnet', async () => {
    const made = stored(await createPool('owned'));
    if (made.metadata.ownerReferences !== undefined) return made;
    await world.plane.adminRequest('DELETE', `${pools}/owned`);
    await world.patch(`${pools}/owned`, { metadata: { finalizers: [] } });
    return undefined;
  });
  assert.deepEqual(pool.metadata.ownerReferences, [
    {
      apiVersion: 'spiderpool.spidernet.io/v2beta1',
      kind: 'SpiderSubnet',
      name: 'owner',
      uid: owner.uid,
      controller: true,
      blockOwnerDeletion: true,
    },
  ]);
  assert.equal(pool.metadata.labels?.['ipam.spidernet.io/owner-spider-subnet'], 'owner');
  assert.equal(pool.spec['gateway'], `${network}.1`);
  assert.deepEqual(pool.spec['routes'], [{ dst: '10.255.0.0/16', gw: `${network}.1` }]);
  const { details } = refusal(
    await createPool('wide', { ips: [`${network}.90-${network}.110`], routes: [] }),
  );
  assert.deepEqual(details?.causes, [
    {
      reason: 'FieldValueForbidden',
      field: 'spec.ips',
      message: `${network}.101-${network}.110 are no addresses of subnet "owner": remove them from ips, or add them to the ips of the subnet first`,
    },
  ]);
  await world.restart({ enableSpiderSubnet: false });
});

async function fetchWarnings(spec: object): Promise<readonly string[]> {
  const review = {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: { uid: 'w', operation: 'CREATE', object: manifest('SpiderIPPool', 'odd', spec) },
  };
  const { text } = await post(
    '/validate-spiderpool-spidernet-io-v2beta1-spiderippool',
    JSON.stringify(review),
  );
  const { response } = JSON.parse(text) as { response: { allowed: boolean; warnings?: readonly string[] } };
  assert.equal(response.allowed, true, text);
  return response.warnings ?? [];
}

async function fetchHealth(): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: world.port, path: '/webhook-health-check', agent: false };
    httpsRequest({ ...options, ca: world.authority.cert }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
}

async function servedFingerprint(): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: world.port, ca: world.authority.cert }, () => {
      resolve(socket.getPeerCertificate().fingerprint256);
      socket.destroy();
    });
    socket.on('error', reject);
  });
}
