/** Marks a run whose figures are another program's. */
import type { HeaderRecord } from '../results/record.ts';
import { printable } from './printable.ts';

/** `imported from k6 (old.json), not reconciled`, safe to print; null for a run of connbench's own. */
export function importedText({ imported }: Pick<HeaderRecord, 'imported'>): string | null {
  if (imported === undefined) return null;
  return `imported from ${printable(imported.tool, 40)} (${printable(imported.file, 200)}), not reconciled`;
}
