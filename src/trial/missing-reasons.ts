/** Why the nulls of a trial record are null, under their dotted paths. Pure. */
import { unexplainedNulls } from '../results/missing.ts';
import type { TrialRecord } from '../results/record.ts';
import { noThreadTime } from '../kernel/thread-time.ts';
import type { TrialEvidence } from './evidence.ts';
import { sharesHost } from './gauges.ts';

const generatorGone = 'the generator ended without a report';
const serverGone = 'the server ended without a report';

/** Sampler field -> where the record has it. */
const sampledPaths: Readonly<Record<string, string>> = {
  'client.fds': 'fds.client',
  'server.fds': 'fds.server',
  'client.timeWait': 'timeWait.client',
  'server.timeWait': 'timeWait.server',
  'client.rssBytes': 'memory.generator',
  'server.rssBytes': 'memory.server',
};

/** A reason for every null figure of `record`. */
export function missingReasons(evidence: TrialEvidence, record: TrialRecord): Readonly<Record<string, string>> {
  const candidates = [...reasons(evidence)];
  const explained: Record<string, string> = {};
  for (const path of unexplainedNulls(record)) {
    const found = candidates.find(([prefix]) => path === prefix || path.startsWith(`${prefix}.`));
    const [prefix, reason] = found ?? [path, fallback(path)];
    explained[prefix] = reason;
  }
  return explained;
}

/** Dotted path of a field or an object -> reason, the most telling first. */
function* reasons(evidence: TrialEvidence): Generator<readonly [string, string]> {
  const { generator, server, sampler, samplerMissing, kernelMissing, serverAtMeasureEnd, planned } = evidence;
  yield* selfCheckReasons(evidence);
  yield ['link', evidence.mode.name === 'host' ? 'host mode has no emulated link' : 'the lab ended without a report'];
  if (planned.config.attackers !== undefined)
    yield ['link.packetsPerRequest', "the wire does not tell the attackers' packets from those of the load"];
  yield ['link.packetsPerRequest', generator === null ? generatorGone : 'no request was sent'];
  yield ['link.lateness', 'no packet was delivered'];
  yield* silentServer(evidence);
  for (const side of ['client', 'server'] as const) {
    if (sharesHost(evidence, side))
      yield [`timeWait.${side}`, 'programs on the way ran on the same host, whose kernel counts them all'];
  }
  yield* noTls(evidence);
  for (const [name, reason] of Object.entries(generator?.unmeasured ?? {})) {
    for (const set of ['latency', 'latencyByConnection.new', 'latencyByConnection.reused'])
      yield [`${set}.${name}`, reason];
  }
  if (generator?.connections === null) yield* ofProgram(planned.config.client);
  if (generator === null) {
    for (const path of ['requests', 'throughput', 'latency', 'latencyByConnection', 'connections', 'cpu.generator']) {
      yield [path, generatorGone];
    }
    for (const side of ['client', 'server']) {
      yield [`timeWait.${side}.entered`, generatorGone];
      yield [`timeWait.${side}.teardown`, generatorGone];
    }
  }
  yield ['throughput.offeredPerSecond', 'in the closed model the answers set the pace'];
  yield ['requests.duplicates', 'requests had more numbers than the server can remember'];
  if (server === null) {
    yield ['requests.executedByServer', serverGone];
    for (const name of countsOfServer) yield [`server.${name}`, serverGone];
  }
  yield ['server.policies.drain.durationNs', 'connections were left at the end of measure'];
  yield ['server.policies.drain', 'the trial ended before the drain began'];
  if (evidence.serverSettings === null) yield ['server.settings', 'the server did not start'];
  if (serverAtMeasureEnd === null) {
    yield ['server.eventLoopDelay', 'the server gave no snapshot at the end of measure'];
    yield ['cpu.server', 'the server gave no snapshot at both ends of measure'];
  }
  if (serverAtMeasureEnd?.eventLoopDelay?.count === 0) {
    yield [
      'server.eventLoopDelay',
      'its event loop came to no two ticks of its sampler: blocked, or measured too briefly',
    ];
  }
  yield ['server.eventLoopDelay', "this server has no event loop of Node's"];
  yield ['server.settings', 'this runtime has no such setting'];
  if (sampler === null) {
    for (const path of [...Object.values(sampledPaths), 'timeWait.method', 'sampler']) yield [path, samplerMissing];
  }
  for (const [field, reason] of Object.entries(sampler?.missing ?? {})) {
    const path = sampledPaths[field];
    if (path !== undefined) yield [path, reason];
  }
  yield ['timeWait.method', sampler?.missing['client.timeWait'] ?? 'TIME_WAIT was not read'];
  yield ['timeWait.overflow', kernelMissing];
  yield ['kernel', kernelMissing];
}

/** What is not known of a client that is a program. */
function* ofProgram(name: string): Generator<readonly [string, string]> {
  const uncounted = `${name} does not count its connections: server and kernel do`;
  yield ['connections', uncounted];
  yield ['selfCheck.connections.peakOpen', uncounted];
  yield ['throughput.bytesPerSecond', `${name} does not say how much it sent`];
  for (const side of ['client', 'server']) {
    yield [`timeWait.${side}.entered`, `${name} does not say which connections it closed at its end`];
    yield [`timeWait.${side}.teardown`, `${name} does not say which connections it closed at its end`];
  }
}

/** Where there is TLS, only what no new connection went through is missing, as of `connect`. */
function* noTls({ planned, generator }: TrialEvidence): Generator<readonly [string, string]> {
  const speaks = planned.config.strategy.tls !== undefined;
  if (generator !== null) {
    yield ['connections.tls', speaks ? 'this client does not count its handshakes' : 'this trial spoke no TLS'];
  }
  if (speaks) return;
  for (const set of ['latency', 'latencyByConnection.new', 'latencyByConnection.reused']) {
    yield [`${set}.tls`, 'this trial spoke no TLS'];
  }
}

/** What could not be observed of the trial's own machinery. */
function* selfCheckReasons({
  planned,
  generator,
  sampler,
  samplerMissing,
}: TrialEvidence): Generator<readonly [string, string]> {
  const { server, load } = planned.config;
  const noThreads = sampler === null ? samplerMissing : noThreadTime;
  if (generator === null) yield ['selfCheck.generator', generatorGone];
  yield ['selfCheck.generator.occupancy', 'this client does not watch itself'];
  yield ['selfCheck.generator.gcShare', 'this client does not watch itself'];
  yield ['selfCheck.generator.gcLongestMs', 'this client does not watch itself'];
  yield ['selfCheck.generator', noThreadTime];
  if (server.kind === 'external') {
    yield ['selfCheck.server', 'an external server is not ours to look into'];
    yield ['selfCheck.machine.otherShare', 'an external server cannot be told from other programs'];
  }
  yield ['selfCheck.server.gcShare', "only a server with Node's event loop tells of its garbage collector"];
  yield ['selfCheck.server.gcLongestMs', "only a server with Node's event loop tells of its garbage collector"];
  yield ['selfCheck.server', noThreads];
  if (sampler === null) yield ['selfCheck.machine', samplerMissing];
  yield ['selfCheck.machine.pressureShare', 'this kernel has no /proc/pressure/cpu (CONFIG_PSI)'];
  yield ['selfCheck.machine', 'needs /proc/stat, read twice'];
  yield [
    'selfCheck.connections.requested',
    load.model === 'open'
      ? 'in the open model arrivals decide how many are needed'
      : 'users or the strategy decide how many are needed',
  ];
  yield ['selfCheck.connections.peakOpen', generatorGone];
}

/** What is not known of a server that reports nothing. */
function* silentServer({ whyNoReport, planned }: TrialEvidence): Generator<readonly [string, string]> {
  if (whyNoReport === null) return;
  yield ['requests.executedByServer', whyNoReport];
  for (const name of [...countsOfServer, 'eventLoopDelay', 'settings']) yield [`server.${name}`, whyNoReport];
  if (planned.config.server.kind !== 'external') {
    yield ['cpu.server.userUs', 'CPU time of a process tree is sampled as a sum'];
    yield ['cpu.server.systemUs', 'CPU time of a process tree is sampled as a sum'];
    yield ['cpu.server', 'the process tree was not sampled at both ends of measure'];
    return;
  }
  const notOurs = 'an external server is not ours to look into';
  for (const path of ['fds.server', 'memory.server', 'cpu.server']) yield [path, notOurs];
  for (const path of ['timeWait.server', 'kernel.server']) yield [path, 'the server is on another machine'];
}

const countsOfServer = [
  'accepted',
  'executed',
  'refused',
  'turnedAway',
  'closesByReason',
  'firstCloser',
  'requestsPerConnection',
] as const;

function fallback(path: string): string {
  if (path.startsWith('latency')) return 'no request of measure went through this phase';
  if (path.includes('requestsPerConnection')) return 'no connection ended';
  if (path.startsWith('cpu')) return 'no request ended in measure, or the server gave no snapshot';
  return 'nothing was answered';
}
