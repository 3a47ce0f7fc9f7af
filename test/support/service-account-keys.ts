import { generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What a token says of its service account. */
export interface TokenSubject {
  readonly namespace: string;
  readonly name: string;
  /** Of the ServiceAccount object: the API server refuses the token once that is gone or made anew. */
  readonly uid: string;
}

/** The Node that a token is bound to, as that of a pod is to the pod's. */
export interface TokenNode {
  readonly name: string;
  /** Of the Node object: the API server refuses the token once that is gone or made anew. */
  readonly uid: string;
}

/** Issuer and audience of the tokens. */
export const tokenIssuer = 'https://kubernetes.default.svc.cluster.local';
/** The API server goes on taking a token for so long after its end (go-jose's leeway). */
const leewaySeconds = 60;

/**
 * The keys with which the API server signs the tokens of service accounts. Tests sign with them as well: a TokenRequest
 * gives no token for less than ten minutes, and what happens at a token's end has to be seen sooner.
 */
export class ServiceAccountKeys {
  readonly publicFile: string;
  readonly privateFile: string;
  readonly #privateKey: KeyObject;

  private constructor(folder: string, privateKey: KeyObject) {
    this.publicFile = join(folder, 'service-account.pub');
    this.privateFile = join(folder, 'service-account.key');
    this.#privateKey = privateKey;
  }

  /** Makes new keys and writes them into `folder`. */
  static async create(folder: string): Promise<ServiceAccountKeys> {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const keys = new ServiceAccountKeys(folder, privateKey);
    await writeFile(keys.privateFile, privateKey.export({ type: 'sec1', format: 'pem' }), { mode: 0o600 });
    await writeFile(keys.publicFile, publicKey.export({ type: 'spki', format: 'pem' }));
    return keys;
  }

  /**
   * @param expiresInSeconds the API server takes the token for so long, and for up to 10 s more when it has just seen it
   * @param node whose name the API server then knows of each request, as `authentication.kubernetes.io/node-name`
   * @returns a bound token (a JWT with ES256) as TokenRequest gives
   */
  token(subject: TokenSubject, expiresInSeconds: number, node?: TokenNode): string {
    const nowSeconds = Math.floor(Date.now() / 1000);
    const issuedAt = nowSeconds - leewaySeconds;
    const claims = {
      iss: tokenIssuer,
      aud: [tokenIssuer],
      sub: `system:serviceaccount:${subject.namespace}:${subject.name}`,
      iat: issuedAt,
      nbf: issuedAt,
      exp: nowSeconds + expiresInSeconds - leewaySeconds,
      jti: randomUUID(),
      'kubernetes.io': {
        namespace: subject.namespace,
        serviceaccount: { name: subject.name, uid: subject.uid },
        ...(node && { node: { name: node.name, uid: node.uid } }),
      },
    };
    const content = [{ alg: 'ES256', typ: 'JWT' }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    const signature = sign('sha256', Buffer.from(content), {
      key: this.#privateKey,
      dsaEncoding: 'ieee-p1363',
    });
    return `${content}.${signature.toString('base64url')}`;
  }
}
