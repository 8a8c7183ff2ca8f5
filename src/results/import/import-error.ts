/** The mistakes of a file that is to be imported, each with its place and a way out. */
import type { z } from 'zod';
import { UserError } from '../../scenario/user-error.ts';

/** `line` from 1; null where the whole file is meant. */
export function importError(file: string, line: number | null, problem: string, hint: string): UserError {
  return new UserError('IMPORT_UNUSABLE', `${file}: ${line === null ? '' : `line ${line}: `}${problem}`, hint);
}

/** A field of a JSON document that is not as it should be: its path, and what was found. */
export function fieldError(file: string, tool: string, error: z.ZodError): UserError {
  const [first, ...rest] = error.issues.map(({ path, message }) => `${path.join('.') || 'the document'}: ${message}`);
  const more = rest.length > 0 ? ` (and ${rest.length} more)` : '';
  return new UserError(
    'IMPORT_UNUSABLE',
    `${file}: as a result of ${tool} it has an unusable field: ${first ?? 'unknown'}${more}`,
    'Name the program that wrote it with --format, or export its result again.',
  );
}
