/** Finds out which program wrote a file, and reads it as that program's. */
import { UserError } from '../../scenario/user-error.ts';
import { looksLikeAutocannon, readAutocannon } from './autocannon.ts';
import { readHgrm } from './hgrm.ts';
import { importError } from './import-error.ts';
import type { ImportedFigures, ImportTool } from './imported-run.ts';
import { parseJsonText } from './json-text.ts';
import { looksLikeK6, readK6 } from './k6.ts';
import { looksLikeOha, readOha } from './oha.ts';
import { isHeading, numberedLines } from './percentile-text.ts';
import type { TimeUnit } from './reported-latency.ts';
import { looksLikeWrk2, readWrk2 } from './wrk2.ts';

export const importTools = ['autocannon', 'oha', 'k6', 'wrk2', 'hgrm'] as const satisfies readonly ImportTool[];

export interface ImportOptions {
  /** Null: found out from the content. */
  readonly format: ImportTool | null;
  /** Of the values of a `.hgrm` file that does not say it. */
  readonly unit: TimeUnit | null;
}

/** Reads the text of one file; `file` is its name in messages. Throws a UserError for text that is not such a result. */
export function readImport(text: string, file: string, { format, unit }: ImportOptions): ImportedFigures {
  if (text.trim() === '') throw importError(file, null, 'it is empty', 'Export the result again.');
  if (/^\s*\{"type":"header"/.test(text)) throw resultFile(file);
  const json = /^\s*[[{]/.test(text);
  const chosen = format ?? (json ? sniffJson(parseJsonText(text, file), file) : sniffText(text, file));
  switch (chosen) {
    case 'autocannon':
      return readAutocannon(parseJsonText(text, file), file);
    case 'oha':
      return readOha(parseJsonText(text, file), file);
    case 'k6':
      return readK6(parseJsonText(text, file), file);
    case 'wrk2':
      return readWrk2(text, file);
    case 'hgrm':
      return readHgrm(text, file, unit);
  }
}

function sniffJson(value: unknown, file: string): ImportTool {
  if (typeof value !== 'object' || value === null) throw unknownFormat(file);
  if (looksLikeAutocannon(value)) return 'autocannon';
  if (looksLikeOha(value)) return 'oha';
  if (looksLikeK6(value)) return 'k6';
  throw unknownFormat(file);
}

function sniffText(text: string, file: string): ImportTool {
  if (looksLikeWrk2(text)) return 'wrk2';
  if (numberedLines(text).some((line) => isHeading(line.text))) return 'hgrm';
  throw unknownFormat(file);
}

function unknownFormat(file: string): UserError {
  return new UserError(
    'IMPORT_UNKNOWN_FORMAT',
    `${file}: not recognised as a result of ${importTools.slice(0, -1).join(', ')} or as a percentile distribution (.hgrm)`,
    'It must be what `autocannon --json`, `oha --output-format json`, `k6 run --summary-export` or `wrk2 --latency` wrote.',
  );
}

function resultFile(file: string): UserError {
  const hint = 'Use it as it is: connbench compare, connbench report.';
  return new UserError('IMPORT_RESULT_FILE', `${file} is a connbench result file already`, hint);
}
