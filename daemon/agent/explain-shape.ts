import { errorObject } from '../../src/cni/compose-error.ts';
import { formatAddress } from '../../src/ip/address.ts';
import type { FamilyPlan } from '../../src/ipam/add-plan.ts';
import { type SourceName, sourceTitles } from '../../src/ipam/sources.ts';
import type { ExplainNicShape, ExplainShape } from '../../src/wire/shapes.ts';
import type { Explanation } from './explanation.ts';

/** A dry run as people and programs are shown it. */
export function explainShape(explanation: Explanation): ExplainShape {
  const nics = explanation.plan.nics.flatMap(({ nic, source, families }) =>
    families.map((family) => familyShape(nic, source, family, explanation)),
  );
  if (explanation.error === undefined) return { nics };
  const { cniVersion: _, ...error } = errorObject(explanation.error);
  return { nics, error };
}

function familyShape(
  nic: string,
  source: SourceName,
  { family, candidates }: FamilyPlan,
  { preview, facts, exhausted }: Explanation,
): ExplainNicShape {
  const chosen =
    preview?.kind === 'claimable'
      ? preview.addresses.find(({ want }) => want.nic === nic && want.family === family)
      : undefined;
  const pool = chosen && facts.catalog.byName.get(chosen.pool)?.pool;
  return {
    nic,
    family,
    source,
    sourceTitle: sourceTitles[source],
    candidates: candidates.map(({ name, reason }) => ({
      pool: name,
      accepted: reason === undefined,
      ...(reason !== undefined && { reason }),
      ...(reason === undefined && exhausted?.has(name) === true && { exhausted: true as const }),
    })),
    ...(chosen && {
      address: pool
        ? `${formatAddress(chosen.address)}/${pool.subnet.prefixLength}`
        : formatAddress(chosen.address),
      pool: chosen.pool,
    }),
  };
}
