import type { FieldReader } from '../cni/field-reader.ts';
import { ifNameProblem } from '../cni/if-name.ts';
import { parseRequestedAddress, requestedMax, requestedTextMax } from '../cni/requested-address.ts';
import { quoteText } from '../cni/sanitize-text.ts';
import { storedTextProblem } from '../cni/stored-text.ts';
import type { Address } from '../ip/address.ts';
import { type AnnotationKind, annotationError, checkLength, readAnnotation } from './annotation.ts';
import { nicsMax } from './parse-ippools.ts';

/** A network that a pod asks Multus for (Network Attachment Selection, https://github.com/k8snetworkplumbingwg/multi-net-spec). */
export interface NetworkSelection {
  readonly namespace: string;
  readonly name: string;
  /** Name of the NIC, where the selection gives one. */
  readonly nic?: string;
  /** `ips`: addresses that the pod insists on; a prefix length is dropped. */
  readonly requestedAddresses: readonly Address[];
}

/** `namespace/name@interface`, the first and the last optional. */
const commaForm = /^(?:([^/@]*)\/)?([^/@]*)(?:@(.*))?$/;

/** DNS-1123 label, as Multus asks for it in the comma form. */
const dnsLabel = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

/** Longest name of a Kubernetes object. */
const nameLengthMax = 253;

/**
 * Reads a selection of networks as Multus does: JSON when the text has one of `[ { "`, else `[namespace/]name[@interface]`
 * separated by commas. `mac` and others that are not for addresses are not looked at.
 *
 * @param defaultNamespace of networks that name none
 * @throws CniError with code 105
 */
export function parseNetworkSelection(
  kind: AnnotationKind,
  text: string,
  defaultNamespace: string,
): readonly NetworkSelection[] {
  checkLength(kind, text);
  if (/[[{"]/.test(text)) {
    const elements = readAnnotation(kind, text).objects('', nicsMax);
    return elements.map((element) => parseElement(element, defaultNamespace));
  }
  const items = text.split(',');
  if (items.length > nicsMax) {
    throw annotationError(
      kind,
      `has ${items.length} networks, at most ${nicsMax} are read: ${quoteText(text)}`,
    );
  }
  return items.map((item) => parseItem(kind, item.trim(), defaultNamespace));
}

function parseItem(kind: AnnotationKind, item: string, defaultNamespace: string): NetworkSelection {
  const refuse = (problem: string) =>
    annotationError(kind, `${quoteText(item)} is not [namespace/]name[@interface]: ${problem}`);
  const match = commaForm.exec(item);
  if (match === null) throw refuse('it has more than one "/"');
  const [, namespace, name = '', nic] = match;
  if (namespace !== undefined && !dnsLabel.test(namespace)) {
    throw refuse(`${quoteText(namespace)} can't be the name of a namespace`);
  }
  if (!dnsLabel.test(name)) throw refuse(`${quoteText(name)} can't be the name of a network`);
  const problem = nic === undefined ? undefined : ifNameProblem(nic);
  if (nic !== undefined && problem !== undefined) throw refuse(`interface ${quoteText(nic)} ${problem}`);
  return {
    namespace: namespace ?? defaultNamespace,
    name,
    ...(nic !== undefined && { nic }),
    requestedAddresses: [],
  };
}

function parseElement(element: FieldReader, defaultNamespace: string): NetworkSelection {
  const name = objectName(element, 'name');
  if (name === '') throw element.invalid('name', 'is missing');
  const namespace = objectName(element, 'namespace');
  const nic = element.string('interface') ?? '';
  const problem = nic === '' ? undefined : ifNameProblem(nic);
  if (problem !== undefined) throw element.invalid('interface', `${problem}: ${quoteText(nic)}`);
  return {
    namespace: namespace === '' ? defaultNamespace : namespace,
    name,
    ...(nic !== '' && { nic }),
    requestedAddresses: requestedAddresses(element),
  };
}

function objectName(element: FieldReader, key: string): string {
  const text = element.string(key) ?? '';
  const problem = storedTextProblem(text, nameLengthMax);
  if (problem !== undefined) throw element.invalid(key, `${problem}: ${quoteText(text)}`);
  return text;
}

function requestedAddresses(element: FieldReader): readonly Address[] {
  const texts = element.strings('ips', { countMax: requestedMax, lengthMax: requestedTextMax });
  return texts.map((text, index) => {
    const address = parseRequestedAddress(text);
    if (address !== undefined) return address;
    const problem = `must be an IP address, such as "10.6.0.9" or "10.6.0.9/24", but is ${quoteText(text)}`;
    throw element.invalid(`ips[${index}]`, problem);
  });
}
