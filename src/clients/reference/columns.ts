/** Typed columns by connection or request, which grow. */

/** `column`, which is longer, with the values of `old` at its begin. */
export function wider<T extends Uint8Array | Int32Array | Float64Array>(old: T, column: T): T {
  column.set(old);
  return column;
}
