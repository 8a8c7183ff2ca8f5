/** Where the rules find something to say of the load, its answers and the server that gave them. Pure. */
import { unsteadiness, type Unsteadiness } from '../stats/steady.ts';
import { percent, topFailures, type Facts } from './facts.ts';
import { fared } from './findings-generator.ts';
import type { Finding, Limits } from './rule.ts';
import { demand } from './thread-shares.ts';

export function unreachable({ load }: Facts): Finding {
  if (load === null) return null;
  const { connections, errors, warmUpErrors } = load.report;
  if (connections === null) return null;
  const wanted = connections.attempted + connections.notAttempted;
  if (wanted === 0 || connections.opened > 0) return null;
  return `none of ${wanted} connects succeeded: ${topFailures([...errors, ...warmUpErrors])}`;
}

export function nothingCompleted({ load }: Facts): Finding {
  if (load === null || load.report.measure.completed > 0) return null;
  return `no request of measure completed, of ${load.report.measure.scheduled} scheduled`;
}

/** `requests`: comparisons of counts of requests, or all the others. */
export function miscounts({ reconciliation }: Facts, requests: boolean): Finding {
  return reconciliation
    .filter(({ ok, name }) => ok === false && name.startsWith('requests.') === requests)
    .map(({ name, note }) => `${name}: ${note ?? ''}`);
}

export function phasesDiffer({ load }: Facts): Finding {
  const { phaseFaults = null } = load?.report ?? {};
  if (phaseFaults === null || phaseFaults.faults === 0) return null;
  const { faults, checked, first } = phaseFaults;
  return `in ${faults} of ${checked} requests, the first: ${first ?? ''}`;
}

export function errors({ load }: Facts): Finding {
  if (load === null) return null;
  const { measure, errors: failures, warmUpErrors } = load.report;
  if (measure.failed > 0) return `${measure.failed} of ${measure.scheduled} requests failed: ${topFailures(failures)}`;
  return warmUpErrors.length > 0 ? `requests failed in warm-up: ${topFailures(warmUpErrors)}` : null;
}

export function fewSamples({ load }: Facts, limits: Limits<'completed'>): Finding {
  const completed = load?.report.measure.completed ?? 0;
  if (completed === 0 || completed >= limits.completed) return null;
  return `${completed} requests completed: too few for the 99.9th percentile`;
}

export function rateNotReached({ load, evidence }: Facts, { share }: Limits<'share'>): Finding {
  if (load === null || evidence.planned.config.load.model !== 'open') return null;
  const { measureSeconds: seconds, endedWithinMeasure: inTime } = load;
  const { scheduled, completed, leaked = 0 } = load.report.measure;
  if (completed === 0 || seconds <= 0) return null;
  // Requests that began in time and were under way when measure ended are not late; those that wait for a connection are the queue.
  const underWay = (scheduled / seconds) * (Math.max(0, load.service(0.5) - load.connectionWait(0.5)) / 1e9);
  // A response that nobody reads was answered, too.
  if (inTime + leaked + underWay >= share * scheduled) return null;
  return `${scheduled} requests were due in ${seconds.toFixed(1)} s, ${inTime} ended in it`;
}

/**
 * The server's busiest thread has hardly any time left: it runs, or is ready to while others compete with it. Where the generator was
 * limited nothing is known of what the server would have had to do, so nothing is said. On a busy machine its waits are for others.
 */
export function serverSaturated(
  { server, load, evidence, generatorLimited, machineBusy }: Facts,
  limits: Limits<'demandShare' | 'cpuShare'>,
): Finding {
  if (generatorLimited) return null;
  const wanted = machineBusy ? server.cpuShare : demand(server);
  if (wanted === null) {
    const share = processShare(evidence, load?.measureSeconds ?? 0);
    return share >= limits.demandShare ? `the server ran for ${percent(share)} of measure` : null;
  }
  if (wanted < limits.demandShare || (server.cpuShare ?? 0) < limits.cpuShare) return null;
  return `the server’s busiest thread ${fared(server)}`;
}

/** For a server whose threads cannot be seen but which reports its CPU time. */
function processShare(
  { serverAtMeasureStart: start, serverAtMeasureEnd: end }: Facts['evidence'],
  seconds: number,
): number {
  if (start === null || end === null || seconds <= 0) return 0;
  const usedUs = end.cpu.userUs + end.cpu.systemUs - start.cpu.userUs - start.cpu.systemUs;
  return usedUs / 1e6 / seconds;
}

const unsteadyWords: Readonly<Record<Unsteadiness, string>> = {
  'mean-still-moving': 'the mean was still moving in the second half of measure',
  'p99-still-moving': 'the 99th percentile was still moving in the second half of measure',
  'halves-differ': 'the 99th percentile of one half of measure is more than twice that of the other',
};

/** Only of a load that is meant to be steady. */
export function notSteady({ load, evidence }: Facts, limits: Limits<'halvesMargin' | 'completed'>): Finding {
  const { load: planned } = evidence.planned.config;
  const varies =
    planned.model === 'open' && (planned.trace !== undefined || (planned.shape?.kind ?? 'steady') !== 'steady');
  if (load === null || varies || load.report.measure.completed < limits.completed) return null;
  const measureMs = load.measureSeconds * 1e3;
  const seconds = load.report.intervals.filter(({ startMs }) => startMs >= 0 && startMs < measureMs);
  const found = unsteadiness(
    seconds.map(({ response }) => response),
    limits.halvesMargin,
  );
  return found.length === 0 ? null : found.map((reason) => unsteadyWords[reason]).join('; ');
}

/** Of a load that was to be measured when it is steady. */
export function neverSteady({ load }: Facts): Finding {
  if (load?.report.steadyReached !== false) return null;
  const { startNs, measureStartNs } = load.report;
  const seconds = Number(((measureStartNs - startNs) / 1e9).toFixed(1));
  return `not steady after ${seconds} s of warm-up, when measure began all the same`;
}

export function connectionsNotReached({ load, figures }: Facts, { share }: Limits<'share'>): Finding {
  const requested = figures?.connectionsRequested ?? null;
  if (load === null || requested === null) return null;
  const { connections, wholeTrial } = load.report;
  if (connections === null) return null;
  // A server that ends connections after an answer or two leaves no pool to fill.
  const keeps = wholeTrial.answered >= 2 * connections.opened;
  if (!keeps || connections.peakOpen >= share * requested) return null;
  return `at most ${connections.peakOpen} of ${requested} connections were open at once`;
}

/** Of a keep-alive timeout in whole seconds. */
export function shortHint({ evidence: { planned, serverSettings } }: Facts, { hintMs }: Limits<'hintMs'>): Finding {
  const { connection, honourHint } = planned.config.strategy;
  const timeoutMs = serverSettings?.keepAliveTimeoutMs ?? 0;
  if (connection !== 'keep-alive' || !honourHint || timeoutMs <= 0 || timeoutMs >= hintMs) return null;
  return `the server closes idle connections after ${timeoutMs} ms`;
}
