/** The report of a client in the generator's own process, which all but those that are programs are. */
import type { AnyGeneratorReport, GeneratorReport } from '../../src/generator/messages.ts';

export function ownReport(report: AnyGeneratorReport): GeneratorReport {
  if (report.connections === null) throw new Error('it is the report of a program');
  return report;
}
