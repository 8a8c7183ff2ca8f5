// The built program on the known-truth server, run as a user runs it, and the truth of its own arrival plan.
import { readFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createWorkload } from '../../dist/clients/workload.js';
import { parseScenario } from '../../dist/scenario/parse.js';
import { planTrials } from '../../dist/scenario/plan.js';
import { connections, execute } from './truth-tools.js';

const program = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
export const warmUpSeconds = 1;
const seed = 1;
/** Of every trial in host mode. */
const expectedWarnings = ['host-mode'];

/** A scenario file's content; YAML has JSON in it. */
function scenarioText({ url, ratePerSecond, seconds, arrivals }) {
  return JSON.stringify({
    name: 'truth',
    base: {
      strategy: { connection: 'keep-alive', pool: { size: connections } },
      server: { kind: 'external', url },
      load: {
        model: 'open',
        rate: `${ratePerSecond}/s`,
        arrivals,
        warmUp: `${warmUpSeconds}s`,
        duration: `${seconds}s`,
      },
    },
  });
}

/** What the program planned: { arrivalsNs, isMeasured }, ns from the start of its warm-up. */
function arrivalPlan(text) {
  const parsed = parseScenario(text, { file: 'truth.yaml' });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const plan = planTrials(parsed.scenario, { seed });
  const share = { seed: plan.trials[0].seed, worker: 0, workers: 1 };
  const workload = createWorkload(plan.variants[0].trial.load, share);
  workload.begin(0);
  const arrivalsNs = [];
  const isMeasured = [];
  while (workload.nextNs < Infinity) {
    arrivalsNs.push(workload.nextNs);
    isMeasured.push(workload.inMeasure === 1);
    workload.take();
  }
  return { arrivalsNs, isMeasured };
}

/** Gives { quantilesNs, lagNs, plan, trouble }: what it measured, its arrival plan, and what it says against its own trial. */
export async function runOwn(work) {
  const folder = mkdtempSync(join(tmpdir(), 'connbench-truth-'));
  try {
    const text = scenarioText(work);
    const file = join(folder, 'truth.yaml');
    writeFileSync(file, text);
    const args = ['run', file, '--json', '--quiet', '--seed', String(seed), '--out', folder];
    const deadlineMs = (work.seconds + warmUpSeconds + 30) * 1000;
    const { status, out, err } = await execute(process.execPath, [program, ...args], deadlineMs);
    if (status !== 0 && status !== 6) throw new Error(`connbench failed with code ${status}: ${err.slice(-500)}`);
    const [, trialLine] = readFileSync(JSON.parse(out).file, 'utf8').split('\n');
    return { ...figuresOf(JSON.parse(trialLine)), plan: arrivalPlan(text) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function figuresOf({ latency: { response, lag }, requests, invalidReasons, warnings }) {
  const { failed, dropped, abandoned } = requests;
  const lost = failed + dropped + abandoned;
  const trouble = [
    ...invalidReasons.map(({ code }) => `invalid: ${code}`),
    ...warnings.filter(({ code }) => !expectedWarnings.includes(code)).map(({ code }) => `warning: ${code}`),
  ];
  if (lost > 0) trouble.push(`${lost} requests without an answer`);
  const quantiles = ({ p50, p90, p99, p999 }) => [p50, p90, p99, p999];
  return { quantilesNs: quantiles(response), lagNs: quantiles(lag), trouble };
}
