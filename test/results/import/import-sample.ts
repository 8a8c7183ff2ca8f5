/** Reads the sample files of other programs, and makes result lines of them. */
import { readFileSync } from 'node:fs';
import { readImport, type ImportOptions } from '../../../src/results/import/formats.ts';
import { importedLines, type ImportedFigures, type ImportedLines } from '../../../src/results/import/imported-run.ts';
import { UserError } from '../../../src/scenario/user-error.ts';

export function sampleText(name: string): string {
  return readFileSync(new URL(name, import.meta.url), 'utf8');
}

export function read(text: string, options: Partial<ImportOptions> = {}): ImportedFigures {
  return readImport(text, 'old.file', { format: null, unit: null, ...options });
}

/** The document of a sample with some of its fields changed. */
export function changed(name: string, change: (document: Record<string, Record<string, unknown>>) => void): string {
  const document = JSON.parse(sampleText(name)) as Record<string, Record<string, unknown>>;
  change(document);
  return JSON.stringify(document);
}

export function linesOf(figures: ImportedFigures): ImportedLines {
  return importedLines(figures, {
    file: 'old.file',
    name: 'old',
    runId: '0badcafe',
    connbenchVersion: '0.1.0',
    fileTime: '2026-01-02T03:04:05.000Z',
  });
}

/** The mistake that reading tells; fails where it tells none. */
export function mistake(text: string, options: Partial<ImportOptions> = {}): UserError {
  try {
    read(text, options);
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}
