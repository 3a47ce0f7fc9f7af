import { podAnnotations } from '../api/names.ts';
import type { FieldReader } from '../cni/field-reader.ts';
import { ifNameProblem } from '../cni/if-name.ts';
import { poolsMax } from '../cni/parse-config.ts';
import { quoteText } from '../cni/sanitize-text.ts';
import { type AnnotationKind, annotationError, readAnnotation } from './annotation.ts';
import { isGlob } from './glob.ts';
import { readPoolLists } from './parse-ippool.ts';
import type { PoolLists } from './request.ts';

/** The pod annotation `ippools` in messages. */
export const ippoolsKind: AnnotationKind = {
  title: `pod annotation ${podAnnotations.ippools}`,
  example: '[{"interface":"eth0","ipv4":["pool-a"]},{"interface":"net1","ipv4":["pool-b"]}]',
};

/** NICs of a pod for which one ADD selects pools, and networks that are looked at. Pods with more than a dozen are rare. */
export const nicsMax = 32;

/**
 * Patterns in all elements together: as many as the two lists of an `ippool` may have. Each one is compared with the name of every
 * pool, so 32 NICs full of them would keep a node's agent busy for a second.
 */
const patternsMax = 2 * poolsMax;

/** The pools of one NIC. */
export interface IppoolsElement {
  /** Undefined in an annotation that names none: the place in the list then tells the NIC. */
  readonly nic: string | undefined;
  readonly cleanGateway: boolean;
  readonly pools: PoolLists;
}

/**
 * Reads the pod annotation `ippools`: pools for all NICs of the pod. Either all elements name their NIC, each another one,
 * or none does.
 *
 * @throws CniError with code 105, also when the list is empty or an element names no pool
 */
export function parseIppools(text: string): readonly IppoolsElement[] {
  const elements = readAnnotation(ippoolsKind, text).objects('', nicsMax).map(parseElement);
  if (elements.length === 0) {
    throw annotationError(ippoolsKind, `names no NIC and no pool: ${quoteText(text)}`);
  }
  checkNames(elements);
  const patterns = elements.flatMap(({ pools }) => [...pools[4], ...pools[6]].filter(isGlob));
  if (patterns.length > patternsMax) {
    const problem = `has ${patterns.length} patterns such as ${quoteText(patterns[0] ?? '')}, at most ${patternsMax} are read`;
    throw annotationError(ippoolsKind, problem);
  }
  return elements;
}

function parseElement(element: FieldReader, index: number): IppoolsElement {
  const nic = element.string('interface') ?? '';
  const problem = nic === '' ? undefined : ifNameProblem(nic);
  if (problem !== undefined) throw element.invalid('interface', `${problem}: ${quoteText(nic)}`);
  const pools = readPoolLists(element);
  if (pools === undefined) {
    const which = nic === '' ? `[${index}]` : `[${index}] (interface ${quoteText(nic)})`;
    throw annotationError(ippoolsKind, `${which} names no pool: "ipv4" and "ipv6" are both empty or missing`);
  }
  return { nic: nic === '' ? undefined : nic, cleanGateway: element.boolean('cleangateway') ?? false, pools };
}

function checkNames(elements: readonly IppoolsElement[]): void {
  const named = elements.findIndex(({ nic }) => nic !== undefined);
  const nameless = elements.findIndex(({ nic }) => nic === undefined);
  if (named >= 0 && nameless >= 0) {
    const problem = `[${nameless}] has no "interface", but [${named}] has ${quoteText(elements[named]?.nic ?? '')}: name the NIC of every element or of none`;
    throw annotationError(ippoolsKind, problem);
  }
  if (named >= 0) checkDistinct(elements.map(({ nic }) => nic ?? ''));
}

/**
 * Refuses a list in which two elements are for one NIC.
 *
 * @param nics the NIC of each element
 * @throws CniError with code 105
 */
export function checkDistinct(nics: readonly string[]): void {
  for (const [index, nic] of nics.entries()) {
    const first = nics.indexOf(nic);
    if (first < index) {
      const problem = `[${first}] and [${index}] are both for NIC ${quoteText(nic)}: write one element for each NIC`;
      throw annotationError(ippoolsKind, problem);
    }
  }
}
