/** Something is not as the demo says it is. The message tells what was expected and what came. */
export class DemoError extends Error {
  override readonly name = 'DemoError';
  readonly code = 'SP_DEMO_CLAIM';
}
