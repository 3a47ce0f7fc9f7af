/** A number with its noun, such as `1 record`. @param many the plural. @default `one` with an s */
export function countText(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
