// The load generators that are set against the known truth. Each runs once and gives its own quantiles of what it calls latency, in ns.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { comparedQuantiles, quantilesOf } from '../truth/quantiles.ts';
import { isInstalled } from './target.js';

export const connections = 32;

/** Runs a program to its end. Gives { status, out }; rejects where it does not end in time. */
export function execute(command, args, deadlineMs) {
  return new Promise((resolve, reject) => {
    const options = { stdio: ['ignore', 'pipe', 'pipe'], timeout: deadlineMs, killSignal: 'SIGKILL' };
    const child = spawn(command, args, options);
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (err += text));
    child.on('error', reject);
    child.on('close', (status, signal) => {
      if (signal === null) resolve({ status, out, err });
      else reject(new Error(`${command} was ended by ${signal}: ${err.slice(-300)}`));
    });
  });
}

async function outputOf(command, args, seconds) {
  const { status, out, err } = await execute(command, args, (seconds + 20) * 1000);
  if (status !== 0) throw new Error(`${command} failed with code ${status}: ${(err + out).slice(-300)}`);
  return out;
}

/** Quantiles of the n-th column of lines of numbers, in ns. */
function quantilesOfColumn(text, separator, column, unitNs) {
  const values = text
    .split('\n')
    .map((line) => Number(line.split(separator)[column] ?? 'none'))
    .filter((value) => Number.isFinite(value));
  return quantilesOf(values.map((value) => value * unitNs));
}

async function inFolder(use) {
  const folder = mkdtempSync(join(tmpdir(), 'connbench-truth-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function hey({ url, ratePerSecond, seconds }) {
  const limit = String(ratePerSecond / connections);
  const args = ['-cpus', '1', '-z', `${seconds}s`, '-c', String(connections), '-q', limit, '-o', 'csv', url];
  return quantilesOfColumn(await outputOf('hey', args, seconds), ',', 0, 1e9);
}

function h2load({ url, ratePerSecond, seconds }) {
  return inFolder(async (folder) => {
    const log = join(folder, 'log');
    const rate = String(ratePerSecond / connections);
    const load = ['-c', String(connections), '-D', String(seconds), '--rps', rate];
    await outputOf('h2load', ['--h1', '-t1', ...load, '--log-file', log, url], seconds);
    return quantilesOfColumn(readFileSync(log, 'utf8'), '\t', 2, 1e3);
  });
}

async function autocannon({ url, ratePerSecond, seconds }) {
  const path = createRequire(import.meta.url).resolve('autocannon');
  const load = ['-c', String(connections), '-d', String(seconds), '-R', String(ratePerSecond)];
  const { latency } = JSON.parse(await outputOf(process.execPath, [path, '-j', ...load, url], seconds));
  return [latency.p50, latency.p90, latency.p99, latency.p99_9].map((ms) => ms * 1e6);
}

function wrk({ url, seconds }) {
  return inFolder(async (folder) => {
    const script = join(folder, 'quantiles.lua');
    const prints = comparedQuantiles.map((p) => `io.write("quantile ", latency:percentile(${p * 100}), "\\n")`);
    writeFileSync(script, `function done(summary, latency, requests)\n${prints.join('\n')}\nend\n`);
    const out = await outputOf('wrk', ['-t1', `-c${connections}`, `-d${seconds}s`, '-s', script, url], seconds);
    return [...out.matchAll(/^quantile ([\d.]+)$/gm)].map(([, us]) => Number(us) * 1e3);
  });
}

/** Every rival, installed or not. What each measures was read in its source and is seen in the last line of its rows. */
export const rivals = [
  {
    name: 'hey -q',
    command: 'hey',
    run: hey,
    measures: 'from the sending, in steps of 0.1 ms; a worker that waits for an answer skips the ticks of its rate',
  },
  {
    name: 'h2load --rps',
    command: 'h2load',
    run: h2load,
    measures: 'from the sending; a connection that waits for an answer sends what it owes afterwards, unmeasured',
  },
  {
    name: 'autocannon -R',
    command: null,
    run: autocannon,
    measures:
      'from the sending, in whole ms; sends its rate in a burst each second, and adds values down to 1 ms for each answer',
  },
  {
    name: 'wrk',
    command: 'wrk',
    run: wrk,
    hasNoRate: true,
    measures: 'from the sending; it has no rate: a closed loop as fast as 32 connections go, shown beside either rate',
  },
];

export function isPresent({ command }) {
  return command === null || isInstalled(command);
}
