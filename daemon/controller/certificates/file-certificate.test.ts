import assert from 'node:assert/strict';
import { mkdir, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { pino } from 'pino';
import { until } from '../../../test/integration/harness/until.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import type { ServingCertificate } from '../admission/serving-certificate.ts';
import { makeAuthority, makeServerCertificate } from './certificate-maker.ts';
import { CertificateFileError, FileCertificate } from './file-certificate.ts';

const log = pino({ level: 'silent' });
const names = { dns: ['localhost'], ip: [] };

interface Issued {
  readonly authority: ServingCertificate;
  readonly server: ServingCertificate;
}

async function issue(): Promise<Issued> {
  const authority = await makeAuthority(Date.now());
  return { authority, server: await makeServerCertificate(authority, names, Date.now()) };
}

function filesOf({ server, authority }: Issued) {
  return { 'tls.crt': server.cert, 'tls.key': server.key, 'ca.crt': authority.cert };
}

/** Writes files as a kubelet does: into a folder of their own, to which a link is swapped in one step. */
async function mount(folder: string, version: string, files: Readonly<Record<string, string>>) {
  await mkdir(join(folder, version));
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, version, name), content);
  await symlink(version, join(folder, 'new'));
  await rename(join(folder, 'new'), join(folder, '..data'));
  for (const name of Object.keys(files)) {
    await symlink(join('..data', name), join(folder, name)).catch(() => undefined);
  }
}

test('FileCertificate serves the files, and new ones when a Secret changes in its volume', async () => {
  await using folder = await temporaryFolder();
  const [one, two] = [await issue(), await issue()];
  await mount(folder.path, 'v1', filesOf(one));
  const certificate = new FileCertificate({
    log,
    certificateFile: join(folder.path, 'tls.crt'),
    keyFile: join(folder.path, 'tls.key'),
    pollMs: 20,
  });
  const heard: ServingCertificate[] = [];
  let trusts = 0;
  certificate.onChange((each) => heard.push(each));
  certificate.onTrust(() => {
    trusts += 1;
  });
  const ending = new AbortController();
  const running = certificate.run(ending.signal);
  assert.deepEqual(certificate.current, one.server);
  assert.equal(certificate.trust, one.authority.cert);

  // A key without its certificate: whoever writes two files can't write them at once.
  await mount(folder.path, 'v2', { ...filesOf(one), 'tls.key': two.server.key });
  await certificate.refresh();
  assert.deepEqual(certificate.current, one.server);
  assert.deepEqual(heard, []);

  await mount(folder.path, 'v3', filesOf(two));
  await until('the new files are served', () => certificate.current?.cert === two.server.cert);
  assert.deepEqual(heard, [two.server]);
  assert.equal(trusts, 1);
  assert.equal(certificate.trust, two.authority.cert);

  await rm(join(folder.path, 'v3'), { recursive: true });
  await certificate.refresh();
  assert.deepEqual(certificate.current, two.server);
  ending.abort();
  await running;
});

test('FileCertificate publishes no authority that has not signed the certificate', async () => {
  await using folder = await temporaryFolder();
  const [one, two] = [await issue(), await issue()];
  const [certificateFile, keyFile] = [join(folder.path, 'tls.crt'), join(folder.path, 'tls.key')];
  const authorityFile = join(folder.path, 'ca.crt');
  await writeFile(certificateFile, one.server.cert);
  await writeFile(keyFile, one.server.key);
  const trust = () => new FileCertificate({ log, certificateFile, keyFile }).trust;
  assert.equal(trust(), undefined);
  await writeFile(authorityFile, two.authority.cert);
  assert.equal(trust(), undefined);
  await writeFile(authorityFile, 'garbage');
  assert.equal(trust(), undefined);
  await writeFile(authorityFile, `${two.authority.cert}${one.authority.cert}`);
  assert.equal(trust(), `${two.authority.cert}${one.authority.cert}`);
  await unlink(authorityFile);
});

test('FileCertificate refuses files at its start that it can not serve, and says which', async () => {
  await using folder = await temporaryFolder();
  const [one, two] = [await issue(), await issue()];
  const [certificateFile, keyFile] = [join(folder.path, 'tls.crt'), join(folder.path, 'tls.key')];
  const refused = (pattern: RegExp): void => {
    assert.throws(
      () => new FileCertificate({ log, certificateFile, keyFile }),
      (error) => error instanceof CertificateFileError && pattern.test(error.message),
    );
  };
  refused(/^--tls-server-cert .*tls\.crt can not be read: give a file that exists/);
  await writeFile(certificateFile, one.server.cert);
  refused(/^--tls-server-key .*tls\.key can not be read/);
  await writeFile(keyFile, one.server.cert);
  refused(/tls\.key has no private key in PEM/);
  await writeFile(keyFile, two.server.key);
  refused(/does not belong to the certificate/);
  await writeFile(certificateFile, '-----BEGIN CERTIFICATE-----\nxx\n-----END CERTIFICATE-----\n');
  refused(/tls\.crt has no certificate in PEM/);
});
