/** Asks a server for reports until one meets a condition. */
import type { ServerHandle } from '../../src/server/child.ts';
import type { ServerReport } from '../../src/server/messages.ts';

const mostReports = 10_000;

/** Throws, with the last report, where none of many does. */
export async function reportWhen(
  server: ServerHandle,
  condition: (report: ServerReport) => boolean,
): Promise<ServerReport> {
  for (let asked = 1; ; asked++) {
    const report = await server.snapshot();
    if (condition(report)) return report;
    if (asked === mostReports) throw new Error(`the condition was never met: ${JSON.stringify(report)}`);
  }
}
