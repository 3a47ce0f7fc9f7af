/** Queries of `GET /v1/allocations` that filter: a record is shown when each that is given equals its field, or a holder's. */
export const allocationFilterKeys = ['pool', 'network', 'node', 'uid', 'sandbox', 'nic'] as const;

/** Records of a page when the query names no `limit`. */
export const pageLimitDefault = 500;

/** Records that a page may have at most: about 2 MB of JSON, which the agent encodes without keeping others waiting. */
export const pageLimitMax = 5_000;

/** Queries of `DELETE /v1/allocations/{address}`: what the holder must have, so that no other record is released. */
export const releaseConditionKeys = ['uid', 'sandbox'] as const;
