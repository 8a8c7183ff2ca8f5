// Who is too slow, and does the trial say so? `npm run bench -- verdicts [CASE...] [host|lab] [open|closed] [RUNS]`: trials whose
// generator is starved, whose server has too much to do or whose machine others fill, on purpose, so many times each (20 where absent),
// and by which names the trials call it. Exit code 1 where one is called by a wrong name. A trial takes about 3 s; where programs that
// are no part of the case used a tenth of the machine it is another case, and is repeated.
//
// Needs `npm run build`, taskset, and a lab for that mode. Busy loops end with this program, and after ten minutes by themselves.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism, constants, setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { portCount } from '../../dist/trial/environment.js';
import { realProcesses } from '../../dist/trial/processes.js';
import { trialRecord } from '../../dist/trial/record.js';
import { runTrial } from '../../dist/trial/run-trial.js';
import { trialConfig } from './trial-config.js';

const modes = ['host', 'lab'];
const models = ['open', 'closed'];
const warmUpMs = 300;
const durationMs = 1200;
const loads = {
  open: { model: 'open', ratePerSecond: 400, arrivals: 'poisson', warmUpMs, durationMs },
  closed: { model: 'closed', users: 8, thinkTimeMs: 0, warmUpMs, durationMs },
};
/** A closed load that leaves both sides time. */
const thinking = { ...loads.closed, thinkTimeMs: 20 };

/** A single thread of Node's, like most servers. */
const nodeServer = {
  kind: 'node',
  keepAliveTimeoutMs: null,
  maxRequestsPerSocket: Infinity,
  headersTimeoutMs: null,
  requestTimeoutMs: null,
  maxConnections: Infinity,
  backlog: null,
  firstCloser: 'server',
  response: { sizeBytes: 97, framing: 'length', delay: { distribution: 'constant', valueMs: 0 } },
};
const busyServer = {
  kind: 'command',
  command: [process.execPath, fileURLToPath(new URL('../trial/busy-server.js', import.meta.url))],
  cwd: '/',
  env: {},
  port: 28_462,
  readyPath: '/',
  readyTimeoutMs: 20_000,
};

/** Real processes, with something done to the generator or the server as soon as it is there. */
function processesWith({ generator = () => undefined, server = () => undefined }) {
  return {
    ...realProcesses,
    startGenerator: async (options) => {
      const started = await realProcesses.startGenerator(options);
      generator(started.pid);
      return started;
    },
    startServer: async (config, options) => {
      const started = await realProcesses.startServer(config, options);
      server(started.pid);
      return started;
    },
  };
}

/** Every thread of it: what it starts later inherits that. */
function lower(pid) {
  for (const thread of readdirSync(`/proc/${pid}/task`)) setPriority(Number(thread), constants.priority.PRIORITY_LOW);
}

function pin(pid) {
  const { status, stderr } = spawnSync('taskset', ['-apc', '1', String(pid)], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`taskset: ${stderr}`);
}

/** `is`: one of these must be said. `isNot`: none of these may be. `valid`: null where both will do. */
const cases = {
  quiet: { is: [], isNot: ['generator-limited', 'machine-busy', 'server-saturated'], valid: true, closed: thinking },
  'nice-19': {
    loops: true,
    processes: processesWith({ generator: lower }),
    is: ['generator-limited'],
    isNot: ['server-saturated'],
    valid: false,
  },
  'servers-core': {
    processes: processesWith({ generator: pin, server: pin }),
    is: ['generator-limited'],
    isNot: ['server-saturated', 'machine-busy'],
    valid: false,
  },
  'busy-server': {
    server: busyServer,
    is: ['server-saturated'],
    isNot: ['generator-limited', 'machine-busy'],
    valid: true,
  },
  'loaded-machine': {
    loops: true,
    is: ['machine-busy', 'generator-limited'],
    isNot: ['server-saturated'],
    valid: false,
  },
};
/** That may be said besides and is of no interest here. */
const shownCodes = ['generator-limited', 'machine-busy', 'server-saturated'];

const running = new Set();
process.on('exit', () => {
  for (const loop of running) loop.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

/** A program that wants a processor for itself. */
async function busyLoop() {
  const text = `process.stdout.write('.'); const end = Date.now() + 600_000; while (Date.now() < end);`;
  const loop = spawn(process.execPath, ['-e', text], { stdio: ['ignore', 'pipe', 'ignore'] });
  running.add(loop);
  loop.once('exit', () => running.delete(loop));
  await once(loop.stdout, 'data');
  return loop;
}

function planned({ server = nodeServer, ...own }, mode, model, seed) {
  const pool = { maxRequests: Infinity, queueTimeoutMs: 30_000 };
  const config = trialConfig({ pool, load: own[model] ?? loads[model] });
  const network = { ...config.network, mode };
  return { index: 0, block: 0, order: 0, variant: 'default', config: { ...config, network, server }, seed };
}

const range = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'latin1');
async function trial(of, mode, model, seed) {
  const circumstances = {
    mode: { name: mode, fallback: null },
    limits: { openFiles: 20_000, ephemeralPorts: portCount(range) },
    timeWaitCounting: 'unknown',
    samplerIntervalMs: 100,
  };
  const request = { planned: planned(of, mode, model, seed), circumstances };
  return trialRecord(await runTrial(request, of.processes ?? realProcesses));
}

const mostDisturbed = 0.1;
const mostTries = 4;

/** `{ record, tries }`: the first that no other program disturbed, or the last. */
async function undisturbed(of, mode, model, seed) {
  for (let tries = 1; ; tries++) {
    const record = await trial(of, mode, model, seed);
    const others = of.loops === true ? 0 : record.selfCheck.machine.otherShare;
    if (others < mostDisturbed || tries === mostTries) return { record, tries };
  }
}

/** What was said of so many trials: `{ counts by what was said, repeated, wrong: [sentence] }`. */
async function verdictsOn(of, mode, model, runs) {
  const loops = of.loops === true ? await Promise.all(Array.from({ length: availableParallelism() }, busyLoop)) : [];
  const counts = new Map();
  const wrong = [];
  let repeated = 0;
  try {
    for (let run = 1; run <= runs; run++) {
      const { record, tries } = await undisturbed(of, mode, model, run);
      repeated += tries - 1;
      const codes = [...record.invalidReasons, ...record.warnings].map(({ code }) => code);
      const others = record.invalidReasons.map(({ code }) => code).filter((code) => !shownCodes.includes(code));
      const said = [...shownCodes.filter((code) => codes.includes(code)), ...others];
      const name = `${record.valid ? 'valid' : 'invalid'}${said.map((code) => `, ${code}`).join('')}`;
      counts.set(name, (counts.get(name) ?? 0) + 1);
      if (!isRight(of, codes, record.valid)) wrong.push(`${name}: ${sentences(record)}`);
    }
  } finally {
    for (const loop of loops) loop.kill('SIGKILL');
  }
  return { counts, repeated, wrong };
}

function isRight({ is, isNot, valid }, codes, isValid) {
  const named = is.length === 0 || is.some((code) => codes.includes(code));
  return named && !isNot.some((code) => codes.includes(code)) && (valid === null || valid === isValid);
}

function sentences({ invalidReasons, warnings, selfCheck: { generator, server, machine } }) {
  const said = [...invalidReasons, ...warnings].map(({ code, message }) => `${code}: ${message}`).join('; ');
  const thread = ({ cpuShare, runDelayShare, meanWaitMs }) => ({ cpuShare, runDelayShare, meanWaitMs });
  const { otherShare, idleShare } = machine;
  const figures = { generator: thread(generator), server: thread(server), machine: { otherShare, idleShare } };
  return `${said} ${JSON.stringify(figures)}`;
}

const words = process.argv.slice(2);
const isRuns = (word) => /^[1-9]\d{0,2}$/.test(word);
const chosen = (known) => {
  const found = known.filter((word) => words.includes(word));
  return found.length === 0 ? known : found;
};
const strange = words.filter((word) => !isRuns(word) && ![...modes, ...models, ...Object.keys(cases)].includes(word));
if (strange.length > 0) {
  console.error(`usage: verdicts [CASE...] [host|lab] [open|closed] [RUNS], of ${Object.keys(cases).join(', ')}`);
  process.exitCode = 2;
} else {
  const runs = Number(words.find(isRuns) ?? 20);
  console.log(`${runs} trials each; ${durationMs} ms of measure, ${availableParallelism()} processors`);
  for (const name of chosen(Object.keys(cases))) {
    for (const mode of chosen(modes)) {
      for (const model of chosen(models)) {
        const { counts, repeated, wrong } = await verdictsOn(cases[name], mode, model, runs);
        const said = [...counts].map(([what, count]) => `${count} x ${what}`).join(' | ');
        const again = repeated === 0 ? '' : `  (${repeated} repeated)`;
        console.log(
          `${name.padEnd(15)} ${mode.padEnd(5)} ${model.padEnd(7)} ${wrong.length === 0 ? 'right' : 'WRONG'}  ${said}${again}`,
        );
        for (const sentence of wrong) console.log(`  ${sentence}`);
        if (wrong.length > 0) process.exitCode = 1;
      }
    }
  }
}
