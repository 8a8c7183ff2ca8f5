// What a file of many trials costs to read, compare and report: `npm run bench -- results-scale [TRIALS] [SECONDS] [VARIANTS]`,
// 1000 trials of 60 s (100 MB) of 5 variants where absent. The file is made from a trial that is run here, in a directory that is removed at the end.
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { latencyRecord } from '../../dist/results/latency-record.js';
import { readResultFile } from '../../dist/results/read-file.js';
import { encodeHdr } from '../../dist/stats/hdr-codec.js';
import { Histogram } from '../../dist/stats/histogram.js';

const trials = Number(process.argv[2] ?? 1000);
const seconds = Number(process.argv[3] ?? 60);
const variants = Number(process.argv[4] ?? 5);
const perSecond = 500;
const limits = { compare: { seconds: 2, megabytes: 500 }, 'report --html': { seconds: 5, megabytes: 500 } };
const program = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'connbench-scale-'));

/** Numbers between 0 and 1 from a seed (mulberry32). */
function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A trial as the program itself records it, short. */
async function realRun() {
  const args = ['run', 'pool-size', '--only', 'strategy.pool.size=8', '--blocks', '1', '--quiet', '--out', dir];
  const { status, stderr } = spawnSync(process.execPath, [program, ...args, '--set', 'load.duration=1s'], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`the trial to multiply failed: ${stderr}`);
  const [name] = readdirSync(dir);
  const {
    header,
    trials: [trial],
  } = await readResultFile(join(dir, name));
  return { header, trial };
}

/** Response times around `middleNs` with a long tail, and their sum. */
function histograms(random, middleNs) {
  const whole = new Histogram();
  const intervals = Array.from({ length: seconds }, (_, second) => {
    const one = new Histogram();
    for (let request = 0; request < perSecond; request++)
      one.record(middleNs * (1 + 0.2 * random() - 0.3 * Math.log(random())));
    whole.merge(one);
    return { second, text: encodeHdr(one.toSparse()) };
  });
  return { intervals, record: latencyRecord(whole.toSparse()) };
}

function series(random, level) {
  return Array.from({ length: seconds * 10 }, (_, at) => [at * 100, level + Math.floor(3 * random())]);
}

/** A longer trial of the same kind. */
function trialOf(real, header, index, pool) {
  const random = randomFrom(index + 1);
  const variant = header.variants[index % variants];
  const { intervals, record } = pool[index % pool.length];
  const side = (gauge) => ({ ...gauge, series: series(random, gauge.peak ?? 0) });
  return {
    ...real,
    index,
    variant: variant.name,
    config: variant.config,
    block: Math.floor(index / variants),
    order: index % variants,
    measureSeconds: seconds,
    warnings: [],
    latency: { ...real.latency, response: record, service: record },
    fds: { client: side(real.fds.client), server: side(real.fds.server) },
    timeWait: { ...real.timeWait, client: side(real.timeWait.client), server: side(real.timeWait.server) },
    memory: { generator: side(real.memory.generator), server: side(real.memory.server) },
    series: {
      intervals: intervals.map(({ second, text }) => ({
        ...real.series.intervals[0],
        startMs: second * 1000,
        started: perSecond,
        completed: perSecond,
        response: text,
        lag: text,
      })),
    },
  };
}

function writeFile({ header, trial }) {
  const path = join(dir, 'scale.ndjson');
  const [{ axes, config }] = header.variants;
  const names = Array.from({ length: variants }, (_, index) => String(2 ** index));
  const [axis] = Object.keys(axes);
  const wide = {
    ...header,
    variants: names.map((size) => ({ name: `${axis}=${size}`, axes: { [axis]: size }, config })),
    baseline: { [axis]: names[0] },
    expectations: [],
    blocks: trials / variants,
    trials: Array.from({ length: trials }, (_, index) => ({
      index,
      block: Math.floor(index / variants),
      order: index % variants,
      variant: `${axis}=${names[index % variants]}`,
    })),
  };
  const random = randomFrom(7);
  const pool = Array.from({ length: 4 * variants }, (_, index) => histograms(random, 4e6 + 5e4 * (index % variants)));
  const file = openSync(path, 'w');
  const put = (line) => writeSync(file, `${JSON.stringify(line)}\n`);
  put(wide);
  for (let index = 0; index < trials; index++) put(trialOf(trial, wide, index, pool));
  put({ type: 'footer', completedTrials: trials, interrupted: false, endedAt: header.startedAt, reason: null });
  closeSync(file);
  return path;
}

/** Runs the program; its time, and the peak of its resident memory. */
function measured(args) {
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, ['--import', usage, program, ...args], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const taken = (performance.now() - start) / 1000;
  return {
    code: status,
    seconds: taken,
    megabytes: Number(/connbench-peak (\d+)/.exec(stderr)?.[1]) / 1024,
    text: stderr,
  };
}

/** Tells the peak of resident memory when the program ends (getrusage(2), ru_maxrss in KiB). */
const usage = `data:text/javascript,process.on('exit',()=>process.stderr.write('connbench-peak '+process.resourceUsage().maxRSS+'%5Cn'))`;

try {
  const path = writeFile(await realRun());
  console.log(`${trials} trials of ${seconds} s, ${(statSync(path).size / 1e6).toFixed(0)} MB`);
  const start = performance.now();
  await readResultFile(path);
  console.log(`read            ${((performance.now() - start) / 1000).toFixed(2)} s`);
  const commands = {
    compare: ['compare', path],
    'report --html': ['report', path, '--html', join(dir, 'report.html')],
  };
  for (const [name, args] of Object.entries(commands)) {
    const { code, seconds: taken, megabytes, text } = measured(args);
    if (code !== 0) {
      console.log(`${name} failed with exit code ${code}: ${text}`);
      process.exitCode = 1;
      continue;
    }
    const limit = limits[name];
    const kept = taken < limit.seconds && megabytes < limit.megabytes;
    if (!kept) process.exitCode = 1;
    const figures = `${taken.toFixed(2)} s of ${limit.seconds} s, ${megabytes.toFixed(0)} MB of ${limit.megabytes} MB`;
    console.log(`${name.padEnd(16)}${figures}${kept ? '' : ': over the limit'}`);
  }
} finally {
  rmSync(dir, { recursive: true });
}
