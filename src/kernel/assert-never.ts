/** The end of a switch over a union: reached only where a case is missing, which the compiler refuses first. */
export function assertNever(value: never): never {
  throw new Error(`unexpected message: ${JSON.stringify(value)}`);
}
