/** One line of an NDJSON file: as JSON, its type, and what is wrong with it. */
import type { z } from 'zod';

/** Undefined where the text is not JSON. */
export function parseJson(text: string | null): unknown {
  if (text === null) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The `type` of an object that has one; else undefined. */
export function typeOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'type' in value ? value.type : undefined;
}

/** What a schema has against a line, in one sentence. */
export function issues(error: z.ZodError): string {
  const [first, ...rest] = error.issues.map(({ path, message }) => `${path.join('.') || 'the line'}: ${message}`);
  return `${first ?? 'unusable'}${rest.length > 0 ? ` (and ${rest.length} more)` : ''}`;
}
