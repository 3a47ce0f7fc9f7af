import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { before, test } from 'node:test';
import { makeAuthority, makeServerCertificate } from './certificate-maker.ts';
import { type CertificateSet, judgeSet, renewSet } from './certificate-set.ts';
import { isSignedBy, readCertificates } from './read-pem.ts';

const dayMs = 24 * 3_600_000;
const yearMs = 365 * dayMs;
const startMs = Date.UTC(2026, 0, 1);
const names = { dns: ['webhooks.ns.svc', 'localhost'], ip: ['127.0.0.1', '::1'] };
const empty: CertificateSet = { server: { cert: '', key: '' }, bundle: '', authorityKey: '' };

let first: CertificateSet;
before(async () => {
  first = await made(empty, startMs);
});

async function made(set: CertificateSet, nowMs: number): Promise<CertificateSet> {
  return renewSet(set, judgeSet(set, names, nowMs), names, nowMs);
}

function reasonAt(set: CertificateSet, nowMs: number): string | undefined {
  return judgeSet(set, names, nowMs).reason;
}

test('makeServerCertificate() makes what TLS clients accept: names, uses, key, life and authority', () => {
  const leaf = new X509Certificate(first.server.cert);
  const [authority] = readCertificates(first.bundle);
  assert.ok(authority !== undefined);
  assert.equal(
    leaf.subjectAltName,
    'DNS:webhooks.ns.svc, DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1',
  );
  assert.deepEqual(leaf.keyUsage, ['1.3.6.1.5.5.7.3.1']);
  assert.equal(leaf.ca, false);
  assert.equal(authority.ca, true);
  assert.ok(isSignedBy(leaf, [authority]));
  assert.ok(isSignedBy(authority, [authority]));
  assert.equal(leaf.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1');
  assert.equal(leaf.validFromDate.getTime(), startMs - 3_600_000);
  assert.equal(leaf.validToDate.getTime(), startMs + yearMs);
  assert.equal(authority.validToDate.getTime(), startMs + 10 * yearMs);
  assert.notEqual(leaf.serialNumber, authority.serialNumber);
});

test('judgeSet() lets a good set stay until two thirds of its life', () => {
  assert.equal(reasonAt(first, startMs), undefined);
  assert.equal(reasonAt(first, startMs + 240 * dayMs), undefined);
  assert.equal(reasonAt(first, startMs + 245 * dayMs), 'the server certificate is to be renewed');
  assert.match(reasonAt(first, startMs + yearMs) ?? '', /not valid now/);
  // A clock that is behind by less than an hour is borne.
  assert.equal(reasonAt(first, startMs - 3_599_000), undefined);
  assert.match(reasonAt(first, startMs - 2 * 3_600_000) ?? '', /not valid now/);
});

test('judgeSet() names what is wrong with a set, and serves what may still be served', async () => {
  const other = await made(empty, startMs);
  const faults: readonly (readonly [change: Partial<CertificateSet>, reason: RegExp, isServed: boolean])[] = [
    [{ server: { cert: 'garbage', key: first.server.key } }, /^no server certificate$/, false],
    [{ server: { ...first.server, key: 'garbage' } }, /^the server certificate has not its key$/, false],
    [{ server: { ...first.server, key: other.server.key } }, /has not its key$/, false],
    [{ server: other.server }, /^no authority has signed the server certificate$/, false],
    [{ authorityKey: '' }, /^no authority that can sign$/, true],
    [{ authorityKey: other.authorityKey }, /^no authority that can sign$/, true],
    [{ bundle: 'garbage' }, /no authority that can sign, no authority has signed/, false],
    // What is no authority does not become one by standing in the bundle.
    [{ bundle: first.server.cert }, /no authority that can sign/, false],
  ];
  for (const [change, reason, isServed] of faults) {
    const set = { ...first, ...change };
    const judgement = judgeSet(set, names, startMs);
    assert.match(judgement.reason ?? '', reason);
    assert.equal(judgement.server !== undefined, isServed, judgement.reason);
    const renewed = await renewSet(set, judgement, names, startMs);
    assert.equal(reasonAt(renewed, startMs), undefined, judgement.reason);
    assert.equal(renewed.server === set.server, isServed, judgement.reason);
  }
  const renamed = judgeSet(first, { ...names, dns: ['other.ns.svc'] }, startMs);
  assert.equal(renamed.reason, 'the server certificate has other names');
});

test('renewSet() publishes a new authority before it signs, and the one of before until it expires', async () => {
  // A server certificate of the old authority's last months as such.
  const dueMs = startMs + 7 * yearMs;
  const authority = { cert: first.bundle, key: first.authorityKey };
  const server = await makeServerCertificate(authority, names, dueMs - 300 * dayMs);
  const old = { ...first, server };
  assert.equal(
    reasonAt(old, dueMs),
    'the authority is to be renewed, the server certificate is to be renewed',
  );

  const rotated = await made(old, dueMs);
  const [newer, older] = readCertificates(rotated.bundle);
  assert.ok(newer !== undefined && older !== undefined);
  assert.equal(older.fingerprint256, new X509Certificate(first.bundle).fingerprint256);
  assert.equal(newer.validToDate.getTime(), dueMs + 10 * yearMs);
  // The certificate that was due is signed by the authority that everybody knows.
  const leaf = new X509Certificate(rotated.server.cert);
  assert.ok(isSignedBy(leaf, [older]));
  assert.ok(!isSignedBy(leaf, [newer]));
  assert.equal(reasonAt(rotated, dueMs), undefined);

  const next = await made(rotated, dueMs + 250 * dayMs);
  assert.ok(isSignedBy(new X509Certificate(next.server.cert), [newer]));
  assert.equal(next.bundle, rotated.bundle);

  const lateMs = startMs + 10 * yearMs;
  assert.match(reasonAt(next, lateMs) ?? '', /an authority has expired/);
  assert.deepEqual(
    readCertificates((await made(next, lateMs)).bundle).map(({ fingerprint256 }) => fingerprint256),
    [newer.fingerprint256],
  );
});

test('judgeSet() does not let an authority sign that was published a moment ago', async () => {
  const young = await makeAuthority(startMs + 250 * dayMs);
  const set = { ...first, bundle: `${young.cert}${first.bundle}`, authorityKey: young.key };
  assert.equal(reasonAt(set, startMs + 250 * dayMs), undefined);
  assert.equal(reasonAt(set, startMs + 250 * dayMs + 3_599_000), undefined);
  assert.equal(reasonAt(set, startMs + 250 * dayMs + 3_601_000), 'the server certificate is to be renewed');
});
