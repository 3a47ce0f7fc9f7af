import { CniCode, CniError } from './error.ts';
import { isJsonObject } from './field-reader.ts';
import { type CniEnvironment, type CniRequestBody, cniVariables } from './request.ts';

/**
 * Checks the shape of what the plugin sent; its contents are for parseNetworkConfig and parseCniEnvironment.
 * @throws {CniError} code 6
 */
export function parseRequestBody(body: unknown): CniRequestBody {
  if (!isJsonObject(body) || !('config' in body) || !isJsonObject(body['env'])) {
    throw new CniError(CniCode.decodingFailure, 'the request must be {"config": …, "env": {"CNI_…": "…"}}');
  }
  const given = body['env'];
  const env: { -readonly [Name in keyof CniEnvironment]: CniEnvironment[Name] } = {};
  for (const name of cniVariables) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    if (value === undefined || value === null) continue;
    if (typeof value !== 'string')
      throw new CniError(CniCode.decodingFailure, `env.${name} must be a string`);
    env[name] = value;
  }
  return { config: body['config'], env };
}
