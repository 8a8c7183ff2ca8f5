/**
 * The client autocannon: its command line in a process of its own, as a user runs it. Its figures are read from its JSON; what it cannot
 * know, nobody here knows either.
 *
 * Warm-up is autocannon's own (`--warmup`): a run before in the same process, so that what measure finds warm is the program that measures.
 * It prints a result for each of the two, and begins the second in the step in which it prints the first (lib/init.js, runWithWarmup).
 */
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { nowNs } from '../kernel/clock.ts';
import { autocannonTable } from '../scenario/clients/autocannon.ts';
import type { TrialConfig } from '../scenario/config.ts';
import { autocannonArguments, countedInAdvance, mostUnderWay, tlsFlag } from './autocannon-command.ts';
import type { AutocannonResult } from './autocannon-result.ts';
import type { Client, ClientTask, PreparedShare } from './client.ts';
import { findClientPackage, type FoundPackage } from './client-package.ts';
import { STOP } from './live.ts';
import type {
  ClientFacts,
  LatencyName,
  OutsideReport,
  ProgramFigures,
  RequestCounts,
  WorkerReport,
} from './observations.ts';
import { emptyReport } from './empty-report.ts';
import { findPrefix, ProgramError, runProgram, type Program } from './program-run.ts';

export const autocannonClient: Client = {
  name: 'autocannon',
  isProgram: true,
  transport: () => ({ kind: 'net', reason: "autocannon brings Node's own sockets" }),
  prepare: prepareAutocannon,
};

/** Rejects with a UserError where the package is not there, or not in the version that was asked for. */
async function prepareAutocannon(task: ClientTask): Promise<PreparedShare> {
  const found = findClientPackage('autocannon', task.config.clientSetup);
  const prefix = await findPrefix();
  // Its threads are its own: `--workers`.
  if (task.worker > 0) return { run: () => Promise.resolve(emptyReport(nowNs())) };
  // Loaded here, because its schema takes as long to load as all other clients together.
  const reader = await import('./autocannon-result.ts');
  return { run: (startNs) => runAutocannon({ task, found, prefix, reader }, startNs) };
}

interface AutocannonRun {
  readonly task: ClientTask;
  readonly found: FoundPackage;
  /** In front of the command. */
  readonly prefix: readonly string[];
  readonly reader: ResultReader;
}

/** Of `autocannon-result`. */
interface ResultReader {
  readonly parseAutocannonResult: (line: string) => AutocannonResult | null;
  readonly figuresOf: (warmUp: AutocannonResult | null, measure: AutocannonResult) => ProgramFigures;
}

async function runAutocannon({ task, found, prefix, reader }: AutocannonRun, startNs: number): Promise<WorkerReport> {
  const { config, host, port, live } = task;
  const { warmUpMs } = config.load;
  const words = autocannonArguments(config, { host, port });
  const results: AutocannonResult[] = [];
  const body = openBody(config);
  await sleep(Math.max(0, (startNs - nowNs()) / 1e6));
  // Without a warm-up nothing tells when it is done with loading itself: that is then a part of measure.
  if (warmUpMs === 0) task.measurePort?.postMessage(nowNs());
  const program: Program = {
    words: [process.execPath, programOf(found), ...words],
    env: environment(config),
    stdin: body,
    onLine: (line) => {
      const result = reader.parseAutocannonResult(line);
      if (result === null) return;
      if (warmUpMs > 0 && results.length === 0) task.measurePort?.postMessage(nowNs());
      results.push(result);
    },
    isStopped: () => Atomics.load(live, STOP) === 1,
  };
  try {
    await runProgram(program, prefix);
  } finally {
    if (body !== null) closeSync(body);
  }
  const expected = warmUpMs > 0 ? 2 : 1;
  const measure = results.at(-1);
  if (measure === undefined || results.length !== expected) {
    const message = `autocannon ${found.version} printed ${results.length} results that connbench can read, and not ${expected}`;
    throw new ProgramError('PROGRAM_FAILED', message);
  }
  const warmUp = warmUpMs > 0 ? results[0]! : null;
  const figures = reader.figuresOf(warmUp, measure);
  return reportOf(config, warmUp, measure, figures, factsOf(config, found, words));
}

/** The file that package.json names as the command. */
function programOf({ folder, manifest }: FoundPackage): string {
  const { bin } = manifest as { readonly bin?: string | Readonly<Record<string, string>> };
  return join(folder, (typeof bin === 'string' ? bin : bin?.['autocannon']) ?? 'autocannon.js');
}

/** A descriptor of a file with the body, whose name is gone already: nothing is left of it, whoever is killed. */
function openBody({ load: { request } }: TrialConfig): number | null {
  if (request.bodyBytes === undefined) return null;
  const folder = mkdtempSync(join(tmpdir(), 'connbench-autocannon-'));
  try {
    const file = join(folder, 'body');
    writeFileSync(file, Buffer.alloc(request.bodyBytes));
    return openSync(file, 'r');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Without PORT, from which autocannon makes a target of its own. */
function environment({ strategy }: TrialConfig): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: options = '' } = process.env;
  const flag = tlsFlag(strategy);
  return { ...process.env, PORT: undefined, NODE_OPTIONS: flag === null ? options : `${options} ${flag}`.trim() };
}

function factsOf(config: TrialConfig, { version }: FoundPackage, words: readonly string[]): ClientFacts {
  const { strategy, load } = config;
  return {
    version: `autocannon ${version}, node ${process.version}`,
    settings: {
      connections: strategy.pool.size,
      pipelining: strategy.pipelining ?? 1,
      duration: load.durationMs / 1000,
      timeout: strategy.timeouts.responseMs / 1000,
      workers: load.workers === 1 ? 0 : load.workers,
      overallRate: load.model === 'open' ? load.ratePerSecond : null,
      reconnectRate: strategy.pool.maxRequests === Infinity ? 0 : strategy.pool.maxRequests,
      arguments: words.slice(0, -1).join(' '),
    },
  };
}

function reportOf(
  config: TrialConfig,
  warmUp: AutocannonResult | null,
  measure: AutocannonResult,
  figures: ProgramFigures,
  client: ClientFacts,
): WorkerReport {
  const inAdvance = countedInAdvance(config);
  const measured = countsOf(measure, inAdvance);
  const before = warmUp === null ? null : countsOf(warmUp, inAdvance);
  const runs = before === null ? 1 : 2;
  const wholeTrial = before === null ? measured : addCounts(before, measured);
  const outside: OutsideReport = {
    ...timesOf(measure),
    underWayAtMost: runs * mostUnderWay(config),
    countedInAdvance: runs * inAdvance,
    figures,
  };
  const statuses = Object.entries(measure.statusCodeStats).map(([status, { count }]) => [status, count]);
  return {
    ...emptyReport(outside.measureEndNs),
    measure: measured,
    wholeTrial: { ...wholeTrial, sent: wholeTrial.started, answered: wholeTrial.completed },
    statuses: Object.fromEntries(statuses) as Readonly<Record<number, number>>,
    unmeasured: unmeasured(),
    client,
    outside,
  };
}

/** What it sent and neither answered nor called an error it never finished, as far as it says. */
function countsOf({ requests, errors }: AutocannonResult, inAdvance: number): RequestCounts {
  const completed = requests.total;
  const scheduled = Math.max(completed, requests.sent - inAdvance);
  const failed = Math.min(errors, scheduled - completed);
  return { scheduled, started: scheduled, completed, failed, dropped: 0, abandoned: scheduled - completed - failed };
}

function addCounts(a: RequestCounts, b: RequestCounts): RequestCounts {
  return {
    scheduled: a.scheduled + b.scheduled,
    started: a.started + b.started,
    completed: a.completed + b.completed,
    failed: a.failed + b.failed,
    dropped: 0,
    abandoned: a.abandoned + b.abandoned,
  };
}

/** Its wall clock's times on the clock that all processes of the trial share. */
function timesOf({ start, finish }: AutocannonResult): Pick<OutsideReport, 'measureStartNs' | 'measureEndNs'> {
  const originNs = nowNs() - Date.now() * 1e6;
  return { measureStartNs: originNs + Date.parse(start) * 1e6, measureEndNs: originNs + Date.parse(finish) * 1e6 };
}

function unmeasured(): Readonly<Partial<Record<LatencyName, string>>> {
  const reasons = Object.entries(autocannonTable.phases).filter(([, reason]) => reason !== null);
  return Object.fromEntries(reasons);
}
