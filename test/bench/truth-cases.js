// The cases of the truth benchmark: which server, which load, who runs on it one after the other, and the truth of each run.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { clockOffsetNs, plannedAtServerNs, responseTimesByLogNs, serverLatenessNs } from '../truth/log.ts';
import { quantilesOf } from '../truth/quantiles.ts';
import { constantArrivalsNs, responseTimesNs } from '../truth/queue.ts';
import { serviceTimes } from '../truth/service.ts';
import { runOwn, warmUpSeconds } from './truth-own.js';
import { printCase, printSummary } from './truth-table.js';
import { connections, isPresent, rivals } from './truth-tools.js';

const serviceSeed = 1;
/** The first freeze, after the first request that counts. */
const freezeAfterNs = 0.9e9;

const cases = [
  {
    name: 'freeze',
    title: '0.2 ms, and nothing at all for 200 ms every 2 s',
    service: { kind: 'constant', serviceNs: 200_000 },
    freeze: { lengthNs: 200e6, periodNs: 2e9 },
    seconds: 6,
    ownArrivals: ['poisson', 'constant'],
  },
  {
    name: 'constant',
    title: '1 ms',
    service: { kind: 'constant', serviceNs: 1_000_000 },
    freeze: null,
    seconds: 2,
    ownArrivals: ['poisson'],
  },
  {
    name: 'lognormal',
    title: 'median 1 ms, sigma 0.5',
    service: { kind: 'lognormal', medianNs: 1_000_000, sigma: 0.5 },
    freeze: null,
    seconds: 2,
    ownArrivals: ['poisson'],
  },
  {
    name: 'one-slow',
    title: '0.2 ms, and 20 ms for one request in 50',
    service: { kind: 'one-slow', serviceNs: 200_000, slowNs: 20_000_000, oneIn: 50 },
    freeze: null,
    seconds: 2,
    ownArrivals: ['poisson'],
  },
];
export const caseNames = cases.map(({ name }) => name);

class TruthServer {
  static async start() {
    const child = fork(fileURLToPath(new URL('./truth-server.js', import.meta.url)), { serialization: 'advanced' });
    const [{ port }] = await once(child, 'message');
    return new TruthServer(child, port);
  }

  constructor(child, port) {
    this.child = child;
    this.port = port;
    this.url = `http://127.0.0.1:${port}/`;
  }

  /** Gives { result, log } of what was done against one plan. */
  async during(plan, action) {
    this.child.send({ type: 'begin', ...plan });
    await once(this.child, 'message');
    const result = await action();
    this.child.send({ type: 'end' });
    const [{ arrivedNs, dueNs, answeredNs, beyondLog, pipelined }] = await once(this.child, 'message');
    if (beyondLog + pipelined > 0) throw new Error(`${beyondLog} requests beyond the log, ${pipelined} pipelined`);
    const log = { arrivedNs: Array.from(arrivedNs), dueNs: Array.from(dueNs), answeredNs: Array.from(answeredNs) };
    return { result, log };
  }

  stop() {
    this.child.disconnect();
  }
}

/** Runs the cases of these names at these rates, and prints. */
export async function benchTruth(names, rates) {
  const server = await TruthServer.start();
  const absent = rivals.filter((rival) => !isPresent(rival)).map(({ name }) => name);
  const present = rivals.filter(isPresent);
  try {
    await warmUp(server);
    const own = [];
    for (const each of cases.filter(({ name }) => names.includes(name))) {
      const withoutRate = await runAll(
        server,
        each,
        present.filter(({ hasNoRate }) => hasNoRate),
        null,
      );
      for (const ratePerSecond of rates) {
        const ours = await runOurs(server, each, ratePerSecond);
        const theirs = await runAll(
          server,
          each,
          present.filter(({ hasNoRate }) => !hasNoRate),
          ratePerSecond,
        );
        const truth = nominalTruth(each, ratePerSecond);
        printCase({ each, ratePerSecond, ours, truth, theirs: [...theirs, ...withoutRate] });
        own.push(...ours.map((run) => ({ name: each.name, ratePerSecond, ...run })));
      }
    }
    printSummary({ own, rivals: present, absent });
  } finally {
    server.stop();
  }
}

function serverPlan({ service, freeze }, beforeSeconds) {
  const firstNs = beforeSeconds * 1e9 + freezeAfterNs;
  return { service, seed: serviceSeed, freeze: freeze === null ? null : { firstNs, ...freeze } };
}

function services(service, count) {
  const next = serviceTimes(service, serviceSeed);
  return Array.from({ length: count }, next);
}

function progress(...words) {
  process.stderr.write(`${words.join(' ')}\n`);
}

/** The program at one rate, once for each arrival process. */
async function runOurs(server, each, ratePerSecond) {
  const runs = [];
  for (const arrivals of each.ownArrivals) {
    progress(each.name, ratePerSecond, 'connbench', arrivals);
    const work = { url: server.url, ratePerSecond, seconds: each.seconds, arrivals };
    const plan = serverPlan(each, warmUpSeconds);
    const { result, log } = await server.during(plan, () => runOwn(work));
    runs.push({ arrivals, ...result, ...ownTruth(each, plan, result.plan, log) });
  }
  return runs;
}

/**
 * The truth of the measured arrivals, by the plan and by the server's log. From the log the plan takes one number: where its clock
 * stood when the first request came, since from there the freezes count.
 */
function ownTruth({ service }, { freeze }, { arrivalsNs, isMeasured }, log) {
  const measured = (values) => values.filter((value, index) => isMeasured[index] && !Number.isNaN(value));
  const latenessNs = quantilesOf(serverLatenessNs(log));
  if (log.arrivedNs.length !== arrivalsNs.length) return { truthNs: null, byLogNs: null, latenessNs };
  const offsetNs = clockOffsetNs(arrivalsNs, log);
  const planned = responseTimesNs({
    arrivalsNs,
    servicesNs: services(service, arrivalsNs.length),
    connections,
    freeze: freeze === null ? null : { ...freeze, firstNs: freeze.firstNs - offsetNs },
  });
  return {
    truthNs: quantilesOf(measured(planned)),
    byLogNs: quantilesOf(measured(responseTimesByLogNs(arrivalsNs, log, offsetNs))),
    latenessNs,
  };
}

/** What anyone who asks for this rate wants to know: the response times of arrivals at equal distances. */
function nominalTruth(each, ratePerSecond) {
  const arrivalsNs = constantArrivalsNs(ratePerSecond, each.seconds);
  const servicesNs = services(each.service, arrivalsNs.length);
  const { freeze } = serverPlan(each, 0);
  return quantilesOf(responseTimesNs({ arrivalsNs, servicesNs, connections, freeze }));
}

async function runAll(server, each, tools, ratePerSecond) {
  const runs = [];
  for (const { name, run } of tools) {
    progress(each.name, ratePerSecond ?? 'no rate', name);
    const work = { url: server.url, ratePerSecond, seconds: each.seconds };
    const { result, log } = await server.during(serverPlan(each, 0), () => run(work));
    const sentPerSecond = log.arrivedNs.length / each.seconds;
    runs.push({ name, quantilesNs: result, sentPerSecond, ofItsRequestsNs: quantilesOf(plannedAtServerNs(log)) });
  }
  return runs;
}

/** Some thousand requests one after the other, so that no tool meets a server that is not compiled yet. */
async function warmUp(server) {
  const plan = { service: { kind: 'constant', serviceNs: 0 }, seed: 0, freeze: null };
  await server.during(plan, async () => {
    const socket = connect({ host: '127.0.0.1', port: server.port, noDelay: true });
    for (let request = 0; request < 5_000; request++) {
      socket.write('GET / HTTP/1.1\r\nHost: truth\r\n\r\n');
      await once(socket, 'data');
    }
    socket.destroy();
  });
}
