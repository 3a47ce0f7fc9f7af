/** What kind of rule a field breaks; the words are Kubernetes' (field.ErrorType). */
export type FieldErrorType =
  | 'Required'
  | 'Invalid'
  | 'Forbidden'
  | 'NotSupported'
  | 'Duplicate'
  | 'TypeInvalid';

/** One field of a resource that breaks a rule. */
export interface FieldError {
  readonly type: FieldErrorType;
  /** Path from the object's root, such as `spec.routes[0].gw`. */
  readonly path: string;
  /** What is wrong, and what to write instead. */
  readonly message: string;
}

/** One field of a resource that is accepted although it is probably not what its writer meant. */
export interface FieldWarning {
  readonly path: string;
  /** What is odd, and what to write instead. */
  readonly message: string;
}

/** Makes a FieldError. */
export function fieldError(type: FieldErrorType, path: string, message: string): FieldError {
  return { type, path, message };
}
