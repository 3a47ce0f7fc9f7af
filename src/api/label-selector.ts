import type { FieldError } from './field-error.ts';
import { fieldError } from './field-error.ts';
import { indexPath, keyPath } from './field-path.ts';
import { labelKeyProblem, labelValueProblem } from './label-syntax.ts';
import { quote } from './quote.ts';

/** A Kubernetes label selector (meta/v1 LabelSelector). */
export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly LabelSelectorRequirement[];
}

/** One requirement of a label selector. `values` is for In and NotIn only. */
export interface LabelSelectorRequirement {
  readonly key: string;
  /**
   * One of `labelSelectorOperators`; a plain text like in Kubernetes' schema, because stored objects may hold any word.
   * `validateLabelSelector` refuses others, and a requirement with another one matches nothing.
   */
  readonly operator: string;
  readonly values?: readonly string[];
}

/** The operators of meta/v1 LabelSelectorRequirement. */
export const labelSelectorOperators = ['In', 'NotIn', 'Exists', 'DoesNotExist'] as const;

/**
 * Checks a selector by the rules of Kubernetes' `metav1.LabelSelectorAsSelector`: syntax of keys and values, known
 * operators, values where the operator needs them and nowhere else. An empty selector is valid.
 *
 * @param path where the selector stands in its object, such as `spec.podAffinity`
 */
export function validateLabelSelector(selector: LabelSelector, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const labelsPath = keyPath(path, 'matchLabels');
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    const at = keyPath(labelsPath, key);
    pushInvalid(errors, at, labelKeyProblem(key));
    pushInvalid(errors, at, labelValueProblem(value));
  }
  const expressionsPath = keyPath(path, 'matchExpressions');
  for (const [index, requirement] of (selector.matchExpressions ?? []).entries()) {
    errors.push(...validateRequirement(requirement, indexPath(expressionsPath, index)));
  }
  return errors;
}

/**
 * Whether labels satisfy a selector: all of `matchLabels` and all of `matchExpressions`. An empty selector matches
 * everything; one that `validateLabelSelector` refuses for an operator or for missing values matches nothing.
 */
export function matchesLabelSelector(
  selector: LabelSelector,
  labels: Readonly<Record<string, string>>,
): boolean {
  const equal = Object.entries(selector.matchLabels ?? {}).every(
    ([key, value]) => labelOf(labels, key) === value,
  );
  return equal && (selector.matchExpressions ?? []).every((requirement) => satisfies(requirement, labels));
}

/** Whether a selector has no requirement at all. */
export function isEmptyLabelSelector(selector: LabelSelector): boolean {
  return (
    Object.keys(selector.matchLabels ?? {}).length === 0 && (selector.matchExpressions ?? []).length === 0
  );
}

function satisfies(requirement: LabelSelectorRequirement, labels: Readonly<Record<string, string>>): boolean {
  const value = labelOf(labels, requirement.key);
  const values = requirement.values ?? [];
  switch (requirement.operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      // Without values the selector is invalid, and an invalid selector must not open a pool to everybody.
      return values.length > 0 && (value === undefined || !values.includes(value));
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return false;
  }
}

/** A label by its own key only: `toString` and the like are inherited, not labels. */
function labelOf(labels: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}

function validateRequirement(requirement: LabelSelectorRequirement, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const { operator, values = [] } = requirement;
  pushInvalid(errors, keyPath(path, 'key'), labelKeyProblem(requirement.key));
  const valuesPath = keyPath(path, 'values');
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) {
      const message = `operator ${operator} needs values: list at least one label value`;
      errors.push(fieldError('Required', valuesPath, message));
    }
    for (const [index, value] of values.entries()) {
      pushInvalid(errors, indexPath(valuesPath, index), labelValueProblem(value));
    }
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0) {
      const message = `operator ${operator} takes no values: remove them, or write In or NotIn`;
      errors.push(fieldError('Forbidden', valuesPath, message));
    }
  } else {
    const message = `${quote(operator)} is not an operator: write one of ${labelSelectorOperators.join(', ')}`;
    errors.push(fieldError('NotSupported', keyPath(path, 'operator'), message));
  }
  return errors;
}

function pushInvalid(errors: FieldError[], path: string, problem: string | undefined): void {
  if (problem !== undefined) errors.push(fieldError('Invalid', path, problem));
}
