import { multusAnnotations } from '../api/names.ts';
import { CniError } from '../cni/error.ts';
import { quoteText } from '../cni/sanitize-text.ts';
import { annotationError } from './annotation.ts';
import { checkDistinct, type IppoolsElement, ippoolsKind, parseIppools } from './parse-ippools.ts';
import { firstNic, furtherNic, type PodNetworks } from './pod-networks.ts';

/** An element of the annotation whose NIC is known. */
export type NicElement = IppoolsElement & { readonly nic: string };

/**
 * Reads the pod annotation `ippools` and finds the NIC of each element: the one it names, else by its place: the first is
 * `eth0`, those after it are the NICs of Multus' networks annotation in its order, `net1`, `net2`, … where that gives no name.
 *
 * @param nic the NIC that is being added
 * @throws CniError with code 105, also when no element is for this NIC
 */
export function selectIppools(text: string, nic: string, networks: PodNetworks): readonly NicElement[] {
  const elements = withNics(parseIppools(text), networks);
  if (elements.some((element) => element.nic === nic)) return elements;
  const names = elements.map((element) => quoteText(element.nic)).join(', ');
  const problem = `has no pools for NIC ${quoteText(nic)}, only for ${names}: add an element for it, or remove the annotation`;
  throw annotationError(ippoolsKind, problem);
}

function withNics(elements: readonly IppoolsElement[], networks: PodNetworks): readonly NicElement[] {
  const isNameless = elements.some(({ nic }) => nic === undefined);
  const { further } = networks;
  if (isNameless && elements.length > 1 && further instanceof CniError) {
    const problem = `names no interfaces, so ${multusAnnotations.networks} must tell them, and that can't be read: ${further.message}`;
    throw annotationError(ippoolsKind, problem);
  }
  const known = further instanceof CniError ? [] : further;
  const named = elements.map((element, index) => ({
    ...element,
    nic: element.nic ?? (index === 0 ? firstNic : furtherNic(known[index - 1], index - 1)),
  }));
  if (isNameless) checkDistinct(named.map(({ nic }) => nic));
  return named;
}
