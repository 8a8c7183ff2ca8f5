/** The fingerprint of a scenario's settings. */
import { createHash } from 'node:crypto';

/**
 * SHA-256 of the JSON text of a document whose keys are sorted, in hexadecimal: equal for documents that differ in the order of their
 * keys only. Takes what `JSON.parse` gives.
 */
export function configHash(document: unknown): string {
  return createHash('sha256').update(canonicalJson(document)).digest('hex');
}

/** Keys by UTF-16 code units, as RFC 8785 sorts them; numbers and strings as ECMAScript writes them. */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`);
  return `{${members.join(',')}}`;
}
