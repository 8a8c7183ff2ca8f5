/** Tells a user before a run that its gates need more blocks than it has. */
import { plannedTooFewBlocks } from '../compare/gate-blocks.ts';
import { printable } from '../report/printable.ts';
import type { HeaderRecord } from '../results/record.ts';
import type { Output } from './output.ts';

export function sayTooFewBlocks(header: HeaderRecord, output: Output): void {
  const found = plannedTooFewBlocks(header);
  if (found !== null) output.say(`${printable(header.scenario.name)}: ${found}`);
}
