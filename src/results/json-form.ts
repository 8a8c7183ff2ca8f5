/** Turns resolved settings into the JSON form of a result file: `Infinity` becomes `"unlimited"`, so that it never turns into null. */

/**
 * A copy of `value` that survives JSON. Accepts null, booleans, strings, numbers, arrays and plain objects; undefined properties are
 * left out. Throws on NaN, -Infinity and anything else: such a value is a bug where it was made.
 */
export function jsonForm(value: unknown): unknown {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (value === Infinity) return 'unlimited';
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (Array.isArray(value)) return value.map(jsonForm);
  if (typeof value === 'object') return jsonDocument(value);
  throw new TypeError(
    `a ${typeof value}${typeof value === 'number' ? ` (${value})` : ''} has no form in a result file`,
  );
}

/** `jsonForm` of an object. */
export function jsonDocument(value: object): Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new TypeError(`a ${value.constructor.name} has no form in a result file`);
  }
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(entries.map(([key, item]) => [key, jsonForm(item)]));
}
