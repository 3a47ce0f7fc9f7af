import type { FieldError } from './field-error.ts';
import { fieldError } from './field-error.ts';
import { indexPath, keyPath } from './field-path.ts';
import { quote } from './quote.ts';

/** C0 and C1 controls, DEL, and the three characters that other programs write as escapes or take as markup. */
// oxlint-disable-next-line eslint/no-control-regex -- finding control characters is what it is for
const refused = /[\u0000-\u001f\u007f-\u009f&<>]/;

/**
 * Refuses control characters and `& < >` in every text of a value, keys included, whatever its shape. Such texts come back
 * in messages, logs and tables, and no legal name, address or selector has one.
 *
 * @param path where the value stands in its object
 */
export function validateTexts(value: unknown, path: string): FieldError[] {
  if (typeof value === 'string') return refused.test(value) ? [refusal(value, path)] : [];
  if (Array.isArray(value))
    return value.flatMap((item, index) => validateTexts(item, indexPath(path, index)));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    refused.test(key) ? [refusal(key, path)] : validateTexts(item, keyPath(path, key)),
  );
}

function refusal(text: string, path: string): FieldError {
  return fieldError(
    'Invalid',
    path,
    `${quote(text)} has a control character or one of "&", "<", ">": write it without`,
  );
}
