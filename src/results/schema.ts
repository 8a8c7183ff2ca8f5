/** The JSON Schema of a result file's lines, generated from the schemas that write and read them. */
import { z } from 'zod';
import { lineSchema, schemaVersion } from './record.ts';

/**
 * JSON Schema 2020-12 of one line of a result file. Unknown properties are allowed: a later version may add fields.
 */
export function resultJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(lineSchema, { target: 'draft-2020-12', io: 'input' });
  return {
    ...schema,
    title: `connbench result line, schema version ${schemaVersion}`,
    description:
      'A result file is NDJSON: one header, one line per finished trial, and a footer unless the run was killed. ' +
      'A figure that could not be had is null, with the reason under its dotted path in the trial’s "missing".',
  };
}
