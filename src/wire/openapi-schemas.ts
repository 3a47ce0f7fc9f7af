import * as z from 'zod';
import { cniErrorSchema, cniRequestSchema, cniResultSchema, networkConfigSchema } from './cni-shapes.ts';
import {
  coordinatorConfigSchema,
  getCoordinatorArgsSchema,
  ipamAddArgsSchema,
  ipamAddResponseSchema,
  ipamBatchDelArgsSchema,
  ipamDelArgsSchema,
  originalErrorSchema,
  originalViolationSchema,
  workloadEndpointSchema,
} from './original-shapes.ts';
import {
  allocationSchema,
  allocationsSchema,
  conditionSchema,
  errorSchema,
  explainCandidateSchema,
  explainNicSchema,
  explainSchema,
  holderSchema,
  poolSchema,
  poolsSchema,
  releasedSchema,
  sweepSchema,
  whoSchema,
} from './shapes.ts';

const schemas = {
  Pools: poolsSchema,
  Pool: poolSchema,
  Condition: conditionSchema,
  Allocations: allocationsSchema,
  Allocation: allocationSchema,
  Holder: holderSchema,
  Who: whoSchema,
  Released: releasedSchema,
  Explanation: explainSchema,
  ExplainedNic: explainNicSchema,
  ExplainedCandidate: explainCandidateSchema,
  Sweep: sweepSchema,
  Error: errorSchema,
  CniRequest: cniRequestSchema,
  NetworkConfig: networkConfigSchema,
  CniResult: cniResultSchema,
  CniError: cniErrorSchema,
  IpamAddArgs: ipamAddArgsSchema,
  IpamAddResponse: ipamAddResponseSchema,
  IpamDelArgs: ipamDelArgsSchema,
  IpamBatchDelArgs: ipamBatchDelArgsSchema,
  WorkloadEndpointStatus: workloadEndpointSchema,
  GetCoordinatorArgs: getCoordinatorArgsSchema,
  CoordinatorConfig: coordinatorConfigSchema,
  OriginalError: originalErrorSchema,
  OriginalViolation: originalViolationSchema,
} as const;

/** Names of the document's schemas. */
export type SchemaName = keyof typeof schemas;

/**
 * The schemas of the wire as JSON Schema 2020-12, which OpenAPI 3.1 uses. Objects stay open to unknown keys: newer agents may
 * add some.
 */
export function componentSchemas(): Readonly<Record<string, object>> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(schemas)) registry.add(schema, { id });
  const converted = z.toJSONSchema(registry, {
    // What is on the wire is what the checks take.
    io: 'input',
    unrepresentable: 'any',
    uri: (id) => `#/components/schemas/${id}`,
    override: ({ jsonSchema }) => {
      // A count says by itself how it looks on the wire; the check's alternatives (number, bigint) are JavaScript's.
      if (jsonSchema.format === 'int64') delete jsonSchema.anyOf;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    },
  });
  return Object.fromEntries(
    Object.entries(converted.schemas).map(([id, { $schema: _dialect, $id: _place, ...schema }]) => [
      id,
      schema,
    ]),
  );
}
