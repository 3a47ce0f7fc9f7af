import { podAnnotations } from '../api/names.ts';
import type { FieldReader } from '../cni/field-reader.ts';
import type { Route } from '../cni/result.ts';
import { quoteText } from '../cni/sanitize-text.ts';
import { familyOf, parseAddress } from '../ip/address.ts';
import { parseCidr } from '../ip/cidr.ts';
import { type AnnotationKind, readAnnotation } from './annotation.ts';

const kind: AnnotationKind = {
  title: `pod annotation ${podAnnotations.routes}`,
  example: '[{"dst":"10.0.0.0/16","gw":"192.168.1.1"}]',
};

/** Routes of one pod; each one is a system call of the main plugin. */
const routesMax = 128;

/** An address or subnet; longer texts are none. */
const textMax = 64;

/**
 * Reads the pod annotation `routes`. A default route is a route like any other here; an empty list has none.
 *
 * @throws CniError with code 105
 */
export function parseCustomRoutes(text: string): readonly Route[] {
  return readAnnotation(kind, text)
    .objects('', routesMax)
    .map((element) => {
      const destination = read(element, 'dst', 'a subnet, such as "10.0.0.0/16"', parseCidr);
      const gateway = read(
        element,
        'gw',
        'an IP address without a prefix, such as "192.168.1.1"',
        parseAddress,
      );
      if (familyOf(gateway) === destination.family) return { destination, gateway };
      const gw = quoteText(element.string('gw') ?? '');
      const problem = `is an IPv${familyOf(gateway)} address, but dst is an IPv${destination.family} subnet: ${gw}`;
      throw element.invalid('gw', problem);
    });
}

function read<T>(element: FieldReader, key: string, what: string, parse: (text: string) => T | undefined): T {
  const text = element.string(key);
  if (text === undefined) throw element.invalid(key, `is missing: it must be ${what}`);
  const value = text.length <= textMax ? parse(text) : undefined;
  if (value === undefined) throw element.invalid(key, `must be ${what}, but is ${quoteText(text)}`);
  return value;
}
