import type { Family } from '../../../src/ip/address.ts';

/** What the configuration says of admission. */
export interface AdmissionOptions {
  /** The families that are switched on. */
  readonly families: readonly Family[];
  /** Whether pools belong to the SpiderSubnet of their network. */
  readonly enableSpiderSubnet: boolean;
  /** Whether pools and subnets of which addresses are in use may not be deleted. */
  readonly refusesDeletionInUse: boolean;
}
