import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { anyPool, anyReservedIp, poolFixture, reservedFixture } from '../../../src/api/testing/resources.ts';
import { createLogger } from '../../../src/log/logger.ts';
import { type AdmissionRequest, composeReview, parseReview } from './admission-review.ts';
import { kindRoutes } from './admission-routes.ts';
import { mutate, validate } from './kind-admission.ts';
import { NotNowError } from './not-now-error.ts';
import { ReservedIpAdmission } from './reserved-ip-admission.ts';
import { refuseFields } from './verdict.ts';

const log = createLogger('admission-test', 'fatal');
const options = { families: [4, 6] as const, enableSpiderSubnet: false, refusesDeletionInUse: false };
const rules = new ReservedIpAdmission(options);
const { signal } = new AbortController();

function request(parts: Partial<AdmissionRequest>): AdmissionRequest {
  return {
    uid: 'u',
    operation: 'CREATE',
    subResource: '',
    object: undefined,
    oldObject: undefined,
    ...parts,
  };
}

/** Rules that can't be followed. */
class FailingAdmission extends ReservedIpAdmission {
  readonly #error: Error;

  constructor(error: Error) {
    super(options);
    this.#error = error;
  }

  override fillIn(): never {
    throw this.#error;
  }

  override async validateCreate(): Promise<never> {
    throw this.#error;
  }

  override async refuseDeletion(): Promise<never> {
    throw this.#error;
  }
}

function reservedWith(fields: readonly string[]): object {
  const { spec, ...rest } = reservedFixture();
  return { ...rest, spec: { ...spec, ...Object.fromEntries(fields.map((field) => [field, 1])) } };
}

/** What the API server gets for a request, through the webhook of a path. */
async function answer(
  asked: ReservedIpAdmission,
  verb: 'mutate' | 'validate',
  parts: Partial<AdmissionRequest>,
) {
  const path = `/${verb}-spiderpool-spidernet-io-v2beta1-spiderreservedip`;
  const handler = new Map(kindRoutes(asked, log)).get(path);
  assert.ok(handler);
  const review = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: request(parts) };
  const { response } = (await handler(review, signal)) as {
    response: { uid: string; allowed: boolean; status?: { code: number; message: string; details?: object } };
  };
  return response;
}

test('mutate() answers with a patch of what is filled in, and of nothing else', () => {
  const object = {
    ...reservedFixture({ ips: ['10.6.0.2', '10.6.0.1'] }),
    metadata: { name: 'r', managedFields: [{}] },
  };
  assert.deepEqual(mutate(rules, request({ object })), {
    allowed: true,
    patch: [
      { op: 'replace', path: '/spec/ips', value: ['10.6.0.1-10.6.0.2'] },
      { op: 'add', path: '/spec/ipVersion', value: 4 },
    ],
  });
});

test('mutate() leaves alone what is no object, a part of one, deleted or being deleted', () => {
  const object = reservedFixture({ ips: ['10.6.0.2', '10.6.0.1'] });
  const deleted = { ...object, metadata: { name: 'r', deletionTimestamp: '2026-01-01T00:00:00Z' } };
  const left: readonly Partial<AdmissionRequest>[] = [
    { object: 'x' },
    { object: { ...object, spec: { ips: 5 } } },
    { object, subResource: 'status' },
    { object: deleted, operation: 'UPDATE' },
    { oldObject: object, operation: 'DELETE' },
    { object, operation: 'CONNECT' },
  ];
  for (const parts of left) assert.deepEqual(mutate(rules, request(parts)), { allowed: true });
});

test('validate() refuses a new object for its shape, and an old one only for what gets worse', async () => {
  const shapeless = { ...reservedFixture(), spec: { ips: 5 } };
  const worse = { ...shapeless, spec: { ips: 5, ipVersion: 'x' } };
  const isAllowed = async (parts: Partial<AdmissionRequest>) =>
    (await validate(rules, request(parts), signal)).allowed;
  assert.equal(await isAllowed({ object: shapeless }), false);
  const update = { operation: 'UPDATE', oldObject: shapeless } as const;
  assert.equal(await isAllowed({ ...update, object: shapeless }), true);
  assert.equal(await isAllowed({ ...update, object: worse }), false);
  assert.equal(await isAllowed({ ...update, object: reservedFixture() }), true);
  assert.equal(await isAllowed({ object: shapeless, subResource: 'scale' }), true);
});

test('validate() never looks at a status that is not asked for', async () => {
  const object = { ...reservedFixture(), status: { anything: [1, { x: null }] } };
  assert.deepEqual(await validate(rules, request({ object }), signal), { allowed: true, warnings: [] });
});

test('validate() tells only new warnings, a few, and short ones', async () => {
  const names = ['a1', 'b2', 'c3', 'd4', 'e5', 'f6', 'g'.repeat(200)];
  const all = await validate(rules, request({ object: reservedWith(names) }), signal);
  assert.equal(all.warnings?.length, 5);
  const parts = {
    operation: 'UPDATE',
    oldObject: reservedWith(names.slice(0, 6)),
    object: reservedWith(names),
  } as const;
  const { warnings = [] } = await validate(rules, request(parts), signal);
  assert.equal(warnings.length, 1);
  assert.equal(warnings[0]?.length, 120);
});

test('kindRoutes() answers whatever comes, with the uid of the request', async () => {
  const object = fc.oneof(fc.jsonValue(), anyReservedIp, anyPool);
  const operation = fc.constantFrom('CREATE', 'UPDATE', 'DELETE', 'CONNECT' as const);
  await fc.assert(
    fc.asyncProperty(
      object,
      object,
      operation,
      fc.constantFrom('mutate', 'validate' as const),
      async (a, b, op, verb) => {
        const response = await answer(rules, verb, { operation: op, object: a, oldObject: b });
        assert.equal(response.uid, 'u');
        if (verb === 'mutate' || op === 'DELETE') assert.equal(response.allowed, true);
      },
    ),
  );
});

test('kindRoutes() refuses for now when something can not be read, and with 500 for a defect, but lets go', async () => {
  const object = reservedFixture();
  for (const [error, code] of [
    [new NotNowError('try again'), 503],
    [new Error('a defect'), 500],
  ] as const) {
    const refused = await answer(new FailingAdmission(error), 'validate', { object });
    assert.deepEqual([refused.allowed, refused.status?.code], [false, code]);
    assert.doesNotMatch(refused.status?.message ?? '', /defect/);
    assert.equal((await answer(new FailingAdmission(error), 'mutate', { object })).allowed, true);
    const deletion = await answer(new FailingAdmission(error), 'validate', {
      operation: 'DELETE',
      oldObject: object,
    });
    assert.equal(deletion.allowed, true);
  }
});

test('refuseFields() says 409 for a taken name, and else names the first errors and counts the others', () => {
  const subject = { kind: 'SpiderIPPool', plural: 'spiderippools', name: poolFixture().metadata.name };
  const taken = { type: 'Duplicate', path: 'metadata.name', message: 'it exists' } as const;
  assert.deepEqual(refuseFields(subject, [taken]).status, {
    status: 'Failure',
    code: 409,
    reason: 'AlreadyExists',
    message: 'it exists',
    details: { name: 'a', group: 'spiderpool.spidernet.io', kind: 'spiderippools' },
  });
  const errors = Array.from(
    { length: 23 },
    (_, n) => ({ type: 'Invalid', path: `p${n}`, message: 'm' }) as const,
  );
  const { code, message, details } = refuseFields(subject, errors).status;
  assert.equal(code, 422);
  assert.match(message, /^SpiderIPPool "a" is invalid: \[p0: m, .*, p19: m, 3 more errors\]$/);
  assert.equal((details as { causes: readonly object[] }).causes.length, 20);
});

test('composeReview() sends a patch as base64, and none when nothing changes', () => {
  const patch = [{ op: 'add', path: '/spec/a', value: 'ü' }] as const;
  const { response } = composeReview('u', { allowed: true, patch }) as {
    response: { patchType: string; patch: string };
  };
  assert.equal(response.patchType, 'JSONPatch');
  assert.deepEqual(JSON.parse(Buffer.from(response.patch, 'base64').toString()), patch);
  assert.deepEqual((composeReview('u', { allowed: true, patch: [] }) as { response: object }).response, {
    uid: 'u',
    allowed: true,
  });
});

test('parseReview() takes a request without objects, and refuses anything else with 400', () => {
  const review = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' };
  const bare = { uid: 'u', operation: 'DELETE' };
  assert.deepEqual(parseReview({ ...review, request: { ...bare, object: null, more: 1 } }), {
    ...bare,
    subResource: '',
    object: null,
    oldObject: undefined,
  });
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      assert.throws(() => parseReview(value), { name: 'HttpError', status: 400 });
    }),
  );
});
