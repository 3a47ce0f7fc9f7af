import type { FieldError, FieldWarning } from '../../../src/api/field-error.ts';
import type { ParseOutcome, ParseResourceOptions } from '../../../src/api/parse-resource.ts';
import { parseReservedIp } from '../../../src/api/parse-resource.ts';
import { defaultReservedIp } from '../../../src/api/reserved-ip-defaults.ts';
import { validateReservedIp, validateReservedIpUpdate } from '../../../src/api/reserved-ip-validation.ts';
import type { SpiderReservedIP } from '../../../src/api/resources.ts';
import type { AdmissionOptions } from './admission-options.ts';
import type { KindRules } from './kind-admission.ts';

/** The rules of SpiderReservedIPs, which concern no other object. */
export class ReservedIpAdmission implements KindRules<SpiderReservedIP> {
  readonly kind = 'SpiderReservedIP';
  readonly plural = 'spiderreservedips';
  readonly statusFields = [];
  readonly #options: AdmissionOptions;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  parse(value: unknown, options?: ParseResourceOptions): ParseOutcome<SpiderReservedIP> {
    return parseReservedIp(value, options);
  }

  fillIn(reserved: SpiderReservedIP): SpiderReservedIP {
    return defaultReservedIp(reserved);
  }

  fillInSpec(reserved: SpiderReservedIP): SpiderReservedIP {
    return defaultReservedIp(reserved);
  }

  async validateCreate(reserved: SpiderReservedIP): Promise<readonly FieldError[]> {
    return validateReservedIp(reserved, this.#options.families);
  }

  async validateUpdate(old: SpiderReservedIP, updated: SpiderReservedIP): Promise<readonly FieldError[]> {
    return validateReservedIpUpdate(old, updated, this.#options.families);
  }

  async refuseDeletion(): Promise<undefined> {
    return undefined;
  }

  warnings(): readonly FieldWarning[] {
    return [];
  }
}
