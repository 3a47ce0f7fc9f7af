import assert from 'node:assert/strict';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type TemporaryFolder, temporaryFolder } from '../../test/support/temporary-folder.ts';
import { Kubeconfig, type KubeconfigOptions } from './kubeconfig.ts';
import { KubeconfigError } from './kubeconfig-error.ts';

let folder: TemporaryFolder;
before(async () => {
  folder = await temporaryFolder();
});
after(async () => folder[Symbol.asyncDispose]());

let files = 0;

/** Writes a kubeconfig with one of each. @returns its path */
async function kubeconfig(user: object, cluster: object = {}, context: object = {}): Promise<string> {
  files += 1;
  return write(`config-${files}`, {
    clusters: [{ name: 'c', cluster: { server: 'https://192.0.2.1:6443', ...cluster } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', ...context } }],
    'current-context': 'x',
  });
}

async function write(name: string, content: object | string): Promise<string> {
  const path = join(folder.path, name);
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

async function authorization(config: Kubeconfig): Promise<string | undefined> {
  return (await config.credentials()).headers['authorization'];
}

async function authorizationOf(user: object): Promise<string | undefined> {
  return authorization(Kubeconfig.load({ file: await kubeconfig(user) }));
}

test('Kubeconfig.credentials() sends a token, a name with its password, and whom it stands for', async () => {
  assert.equal(await authorizationOf({ token: 'secret' }), 'Bearer secret');
  assert.equal(await authorizationOf({ username: 'a', password: 'b' }), 'Basic YTpi');
  assert.equal(await authorizationOf({}), undefined);
  const config = Kubeconfig.load({ file: await kubeconfig({ token: 'secret', as: 'other' }) });
  assert.equal((await config.credentials()).headers['impersonate-user'], 'other');
});

test('Kubeconfig.credentials() reads a token file beside the kubeconfig, and again only when it was refused', async () => {
  await write('token', 'first\n');
  const config = Kubeconfig.load({ file: await kubeconfig({ tokenFile: 'token', token: 'ignored' }) });
  const first = await config.credentials();
  assert.equal(first.headers['authorization'], 'Bearer first');
  await write('token', 'second\n');
  assert.equal(await config.credentials(), first);
  config.renew(first);
  const second = await config.credentials();
  assert.equal(second.headers['authorization'], 'Bearer second');
  config.renew(first);
  assert.equal(await config.credentials(), second, 'refused long ago, and renewed since');
});

test('Kubeconfig.credentials() goes on with a token whose file is away, and says so when it never was there', async () => {
  const path = await write('short-lived', 'token');
  const file = await kubeconfig({ tokenFile: path });
  const config = Kubeconfig.load({ file });
  const good = await config.credentials();
  await rm(path);
  config.renew(good);
  assert.equal(await authorization(config), 'Bearer token');
  await assert.rejects(Kubeconfig.load({ file }).credentials(), (error) => {
    assert.ok(error instanceof KubeconfigError);
    assert.match(error.message, /user u.*ENOENT/);
    return true;
  });
});

test('Kubeconfig.credentials() keeps its TLS settings the same object until a file changes', async () => {
  await write('ca.pem', 'A');
  const data = Buffer.from('K').toString('base64');
  const user = { 'client-certificate': 'cert.pem', 'client-key-data': data };
  await write('cert.pem', 'C');
  const file = await kubeconfig(user, { 'certificate-authority': 'ca.pem', 'tls-server-name': 'kube' });
  const config = Kubeconfig.load({ file });
  const first = await config.credentials();
  assert.deepEqual(
    { ...first.tls },
    { ca: Buffer.from('A'), cert: Buffer.from('C'), key: Buffer.from('K'), servername: 'kube' },
  );
  config.renew(first);
  const second = await config.credentials();
  assert.equal(second.tls, first.tls);
  await write('cert.pem', 'D');
  config.renew(second);
  const third = await config.credentials();
  assert.notEqual(third.tls, first.tls);
  assert.deepEqual(third.tls.cert, Buffer.from('D'));
});

/** A credential plugin that counts its runs and keeps what it was told. */
async function plugin(name: string): Promise<{ exec: object; runs: () => Promise<number>; told: string }> {
  const log = join(folder.path, `${name}.runs`);
  const told = join(folder.path, `${name}.told`);
  const answer = `{"kind":"ExecCredential","status":{"token":"of run '$(wc -l < ${log} | tr -d ' ')'"}}`;
  const script = `echo run >> ${log}; echo "$KUBERNETES_EXEC_INFO $OWN" > ${told}; echo '${answer}'`;
  return {
    exec: {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: 'sh',
      args: ['-c', script],
      env: [{ name: 'OWN', value: 'own' }],
    },
    runs: async () => (await readFile(log, 'utf8')).split('\n').length - 1,
    told,
  };
}

test('Kubeconfig.credentials() asks a credential plugin once for many, and again after a refusal', async () => {
  const { exec, runs, told } = await plugin('a');
  const config = Kubeconfig.load({ file: await kubeconfig({ exec }) });
  const [first, other] = await Promise.all([config.credentials(), config.credentials()]);
  assert.equal(first.headers['authorization'], 'Bearer of run 1');
  assert.equal(other, first);
  assert.match(await readFile(told, 'utf8'), /^\{"apiVersion":"client.authentication.k8s.io\/v1".*\} own\n$/);
  config.renew(first);
  assert.equal(await authorization(config), 'Bearer of run 2');
  assert.equal(await runs(), 2);
});

test('Kubeconfig.credentials() does not repeat what a failed credential plugin printed', async () => {
  const exec = { command: 'sh', args: ['-c', 'echo secret >&2; exit 1'] };
  const config = Kubeconfig.load({ file: await kubeconfig({ exec }) });
  await assert.rejects(config.credentials(), { name: 'KubeconfigError', message: /^((?!secret).)*$/ });
});

test('Kubeconfig.load() merges the files of KUBECONFIG, of which the first counts', async () => {
  const context = { name: 'x', context: { cluster: 'c', user: 'u' } };
  const first = await write('first', {
    users: [{ name: 'u', user: { token: 'first' } }],
    contexts: [context],
    'current-context': 'x',
  });
  const second = await write('second', {
    clusters: [{ name: 'c', cluster: { server: 'https://kube.example:8443/prefix/' } }],
    users: [{ name: 'u', user: { token: 'second' } }],
    'current-context': 'y',
  });
  const config = Kubeconfig.load({ environment: { KUBECONFIG: `${first}::${second}` } });
  assert.equal(config.origin, 'https://kube.example:8443');
  assert.equal(config.pathPrefix, '/prefix');
  assert.equal(await authorization(config), 'Bearer first');
});

test('Kubeconfig.load() takes the one at home, and else the service account of the pod', async () => {
  const home = join(folder.path, 'home');
  await mkdir(join(home, '.kube'), { recursive: true });
  const options: KubeconfigOptions = {
    environment: { HOME: home, KUBERNETES_SERVICE_HOST: '2001:db8::1', KUBERNETES_SERVICE_PORT: '8443' },
    serviceAccountFolder: folder.path,
  };
  await write('token', 'of the pod\n');
  await write('ca.crt', 'CA');
  const inCluster = Kubeconfig.load(options);
  assert.equal(inCluster.origin, 'https://[2001:db8::1]:8443');
  assert.equal(await authorization(inCluster), 'Bearer of the pod');
  assert.deepEqual((await inCluster.credentials()).tls.ca, Buffer.from('CA'));
  await writeFile(join(home, '.kube', 'config'), await readFile(await kubeconfig({ token: 'of home' })));
  assert.equal(await authorization(Kubeconfig.load(options)), 'Bearer of home');
});

test('Kubeconfig.load() takes the context that is asked for', async () => {
  const file = await write('two-contexts', {
    clusters: [
      { name: 'a', cluster: { server: 'https://a.example' } },
      { name: 'b', cluster: { server: 'https://b.example' } },
    ],
    contexts: [
      { name: 'to-a', context: { cluster: 'a' } },
      { name: 'to-b', context: { cluster: 'b' } },
    ],
    'current-context': 'to-a',
  });
  assert.equal(Kubeconfig.load({ file }).origin, 'https://a.example');
  assert.equal(Kubeconfig.load({ file, context: 'to-b' }).origin, 'https://b.example');
  assert.throws(() => Kubeconfig.load({ file, context: 'to-c' }), /has no cluster for its context to-c/);
  const environment = { HOME: folder.path, KUBERNETES_SERVICE_HOST: '192.0.2.1' };
  assert.throws(
    () => Kubeconfig.load({ environment, context: 'to-a' }),
    /no kubeconfig that could have the context to-a/,
  );
});

test('Kubeconfig.load() says what is wrong, without secrets', async () => {
  const cases: readonly (readonly [options: KubeconfigOptions, message: RegExp])[] = [
    [{ environment: { HOME: '/nowhere' } }, /no kubeconfig.*not a pod/],
    [{ file: '/nowhere/config' }, /\/nowhere\/config can't be read: ENOENT/],
    [{ file: await write('bad-yaml', 'users: [{token: secret') }, /bad-yaml can't be read: it is not YAML/],
    [{ file: await write('a-list', '[]') }, /a-list is not an object/],
    [{ file: await write('no-context', {}) }, /no-context has no current-context/],
    [{ file: await kubeconfig({}, {}, { cluster: 'other' }) }, /no cluster for its context x/],
    [{ file: await kubeconfig({}, { server: '' }) }, /server is missing/],
    [{ file: await kubeconfig({}, { server: 'kube.example' }) }, /no URL of an API server/],
    [{ file: await kubeconfig({}, { 'proxy-url': 'http://gateway.example' }) }, /proxy-url/],
    [{ file: await kubeconfig({ 'auth-provider': { name: 'oidc', config: {} } }) }, /auth-provider.*exec/],
  ];
  for (const [options, message] of cases) {
    assert.throws(
      () => Kubeconfig.load(options),
      (error) => {
        assert.ok(error instanceof KubeconfigError);
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /secret/);
        return true;
      },
    );
  }
});
