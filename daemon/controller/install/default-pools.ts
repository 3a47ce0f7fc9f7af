import type { FieldError } from '../../../src/api/field-error.ts';
import { parsePool } from '../../../src/api/parse-resource.ts';
import { defaultPool, markNewPool } from '../../../src/api/pool-defaults.ts';
import { validatePool } from '../../../src/api/pool-validation.ts';
import { poolWarnings } from '../../../src/api/pool-warnings.ts';
import { quote } from '../../../src/api/quote.ts';
import { apiVersion, type SpiderIPPool } from '../../../src/api/resources.ts';
import type { Family } from '../../../src/ip/address.ts';
import { type Environment, EnvironmentReader } from '../../process/environment-reader.ts';
import { OptionsError } from '../../process/options-error.ts';
import { parseRangeList } from './parse-range-list.ts';

/** The default pools that the environment asks for, ready to be stored. */
export interface DefaultPools {
  readonly pools: readonly SpiderIPPool[];
  /** What is odd or has no effect, a line each. */
  readonly notes: readonly string[];
}

/**
 * Reads the default pools out of the original's variables `SPIDERPOOL_INIT_DEFAULT_IPV4_…` and `…_IPV6_…`, and checks them with the rules of
 * admission. A family whose variables are all empty has none.
 *
 * @param families that the configuration switches on
 * @throws OptionsError that names the variable of every mistake
 */
export function readDefaultPools(environment: Environment, families: readonly Family[]): DefaultPools {
  const env = new EnvironmentReader(environment);
  const found = ([4, 6] as const).map((family) => readFamily(env, family, families));
  return {
    pools: found.flatMap(({ pools }) => pools),
    notes: found.flatMap(({ notes }) => notes),
  };
}

function readFamily(env: EnvironmentReader, family: Family, families: readonly Family[]): DefaultPools {
  const variables = variablesOf(family);
  const [name, subnet, ranges, gateway, spiderSubnet] = [
    env.text(variables.name),
    env.text(variables.subnet),
    env.text(variables.ranges),
    env.text(variables.gateway),
    env.text(variables.spiderSubnet),
  ];
  const notes =
    spiderSubnet === undefined
      ? []
      : [
          `${variables.spiderSubnet} is ignored: no SpiderSubnet is made, as SpiderSubnets are not supported yet`,
        ];
  if (name === undefined && subnet === undefined && gateway === undefined && isEmptyList(ranges))
    return { pools: [], notes };
  if (name === undefined) throw new OptionsError(`${variables.name} is not set: write the name of the pool`);
  if (subnet === undefined)
    throw new OptionsError(`${variables.subnet} is not set: write the subnet of pool ${quote(name)}`);
  const ips = parseRangeList(ranges ?? '');
  if (ips === undefined) {
    throw new OptionsError(
      `${variables.ranges} is ${quote(ranges)}: write a JSON list such as ["10.6.0.10-10.6.0.100"], or ranges with commas between them`,
    );
  }
  const pool = checkedPool(
    { name, spec: { ipVersion: family, subnet, ips, ...(gateway !== undefined && { gateway }) } },
    variables,
    families,
  );
  const odd = poolWarnings(pool).map(({ path, message }) => `${placeOf(path, variables)}: ${message}`);
  return { pools: [pool], notes: [...notes, ...odd] };
}

/** The pool as admission would store it. @throws OptionsError */
function checkedPool(
  { name, spec }: { readonly name: string; readonly spec: object },
  variables: Variables,
  families: readonly Family[],
): SpiderIPPool {
  const metadata = { name };
  const parsed = parsePool({ apiVersion, kind: 'SpiderIPPool', metadata, spec: { ...spec, default: true } });
  if (!parsed.ok) throw refusal(parsed.errors, variables);
  const pool = markNewPool(defaultPool(parsed.resource, { storedFields: true }));
  const errors = validatePool(pool, families);
  if (errors.length > 0) throw refusal(errors, variables);
  return pool;
}

type Variables = ReturnType<typeof variablesOf>;

function variablesOf(family: Family) {
  const prefix = `SPIDERPOOL_INIT_DEFAULT_IPV${family}`;
  return {
    name: `${prefix}_IPPOOL_NAME`,
    subnet: `${prefix}_IPPOOL_SUBNET`,
    ranges: `${prefix}_IPPOOL_IPRANGES`,
    gateway: `${prefix}_IPPOOL_GATEWAY`,
    spiderSubnet: `${prefix}_SUBNET_NAME`,
  } as const;
}

/** The chart writes an empty list for none. */
function isEmptyList(ranges: string | undefined): boolean {
  return ranges === undefined || parseRangeList(ranges)?.length === 0;
}

function refusal(errors: readonly FieldError[], variables: Variables): OptionsError {
  return new OptionsError(
    errors.map(({ path, message }) => `${placeOf(path, variables)}: ${message}`).join('; '),
  );
}

/** The variable that a field comes from. */
function placeOf(path: string, variables: Variables): string {
  if (path.startsWith('metadata.name')) return variables.name;
  if (path.startsWith('spec.ips')) return variables.ranges;
  if (path.startsWith('spec.gateway')) return variables.gateway;
  return path.startsWith('spec.ipVersion') ? variables.name : variables.subnet;
}
