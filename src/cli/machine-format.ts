import { DEFAULT_SCALAR_STYLE_RULES, DUMP_SCHEMA, dump, SCALAR_STYLE, type ScalarLayout } from 'js-yaml';
import { stringifyExactJson } from '../api/exact-json.ts';

/** Controls, invisible and reordering characters, and separators: nothing that a terminal might obey. A line feed is not meant. */
const unprintable = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

const bigintSchema = withBigintIntegers(DUMP_SCHEMA);

/**
 * A value as JSON for programs, indented, with a final line feed. Integers have all of their digits, and unprintable
 * characters are `\u` escapes.
 */
export function formatJson(value: unknown): string {
  // The only unescaped unprintable characters of JSON are inside of texts, but for the line feeds of the indentation.
  return `${escapeUnprintable(stringifyExactJson(value, { indent: 2 }), jsonEscape)}\n`;
}

/** A value as YAML for programs; says the same as {@link formatJson}, to readers of YAML 1.1 as well as 1.2. */
export function formatYaml(value: unknown): string {
  const text = dump(value, {
    schema: bigintSchema,
    lineWidth: -1,
    noRefs: true,
    scalarStyleRules: [quoteUnprintable, ...Object.values(DEFAULT_SCALAR_STYLE_RULES)],
  });
  return escapeUnprintable(text, yamlEscape);
}

/** Only texts in double quotes can have escapes. */
function quoteUnprintable(layout: ScalarLayout): void {
  if (layout.node.value.search(unprintable) >= 0) layout.style = SCALAR_STYLE.DOUBLE_QUOTED;
}

/** The same schema, with integers that may be bigint. */
function withBigintIntegers(schema: typeof DUMP_SCHEMA): typeof DUMP_SCHEMA {
  const tag = schema.tags.find(({ tagName }) => tagName === 'tag:yaml.org,2002:int');
  if (tag?.nodeKind !== 'scalar') throw new Error('the YAML schema has no integers');
  return schema.withTags({
    ...tag,
    identify: (value: unknown) => typeof value === 'bigint' || tag.identify(value),
    represent: (value: unknown) => (typeof value === 'bigint' ? String(value) : tag.represent(value)),
  });
}

function escapeUnprintable(text: string, escapeCodePoint: (codePoint: number) => string): string {
  return text.replace(unprintable, (character) => escapeCodePoint(character.codePointAt(0) ?? 0));
}

function jsonEscape(codePoint: number): string {
  const units = String.fromCodePoint(codePoint);
  return Array.from({ length: units.length }, (_, at) => `\\u${hex(units.charCodeAt(at), 4)}`).join('');
}

function yamlEscape(codePoint: number): string {
  return codePoint > 0xffff ? `\\U${hex(codePoint, 8)}` : `\\u${hex(codePoint, 4)}`;
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
