import type { ObjectMeta } from '../../../src/api/resources.ts';
import type { Logger } from '../../../src/log/logger.ts';
import { type AdmissionRequest, composeReview, parseReview } from './admission-review.ts';
import { type KindRules, mutate, validate } from './kind-admission.ts';
import { NotNowError } from './not-now-error.ts';
import { internalError, tryAgain, type Verdict } from './verdict.ts';

/** Answers the AdmissionReview in a request's body. Throws HttpError for what is none. */
export type ReviewHandler = (body: unknown, signal: AbortSignal) => Promise<object>;

/** The two webhooks of a kind, by path. */
export function kindRoutes<T extends { readonly metadata: ObjectMeta }>(
  rules: KindRules<T>,
  log: Logger,
): readonly (readonly [path: string, handler: ReviewHandler])[] {
  const name = `spiderpool-spidernet-io-v2beta1-${rules.kind.toLowerCase()}`;
  return [
    [`/mutate-${name}`, answering(async (request) => mutateOrLeave(rules, request, log))],
    [
      `/validate-${name}`,
      answering(async (request, signal) => validateOrRefuse(rules, request, { log, signal })),
    ],
  ];
}

function answering(
  answer: (request: AdmissionRequest, signal: AbortSignal) => Promise<Verdict>,
): ReviewHandler {
  return async (body, signal) => {
    const request = parseReview(body);
    return composeReview(request.uid, await answer(request, signal));
  };
}

/** An error here leaves the object as it is; validation has the last word. */
function mutateOrLeave<T extends { readonly metadata: ObjectMeta }>(
  rules: KindRules<T>,
  request: AdmissionRequest,
  log: Logger,
): Verdict {
  try {
    return mutate(rules, request);
  } catch (error) {
    log.warn({ err: error, kind: rules.kind, operation: request.operation }, 'object is not filled in');
    return { allowed: true };
  }
}

async function validateOrRefuse<T extends { readonly metadata: ObjectMeta }>(
  rules: KindRules<T>,
  request: AdmissionRequest,
  { log, signal }: { readonly log: Logger; readonly signal: AbortSignal },
): Promise<Verdict> {
  const { kind } = rules;
  const { operation } = request;
  try {
    const verdict = await validate(rules, request, signal);
    if (!verdict.allowed) log.info({ kind, operation, message: verdict.status.message }, 'refused');
    return verdict;
  } catch (error) {
    if (operation === 'DELETE') {
      // A deletion is never held up by what can't be read: the finalizer keeps what is in use.
      log.warn({ err: error, kind }, 'deletion is allowed unchecked');
      return { allowed: true };
    }
    if (error instanceof NotNowError) {
      log.warn({ err: error, kind, operation }, 'refused for now');
      return tryAgain(error.message);
    }
    log.error({ err: error, kind, operation }, 'admission failed unexpectedly');
    return internalError();
  }
}
