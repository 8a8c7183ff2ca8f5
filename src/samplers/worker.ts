/** The sampler thread: takes a sample on every tick of an absolute schedule until it is told to stop. */
import { parentPort, workerData } from 'node:worker_threads';
import { assertNever } from '../kernel/assert-never.ts';
import { nowNs } from '../kernel/clock.ts';
import { Collector } from './collector.ts';
import type { FromSampler, SamplerRequest, ToSampler } from './messages.ts';
import { isLate, nextTick } from './schedule.ts';

const port = parentPort;
if (port === null) throw new Error('samplers/worker runs only as a worker thread');

const request = workerData as SamplerRequest;
const intervalNs = request.intervalMs * 1e6;
const collector = new Collector(request);
const startNs = nowNs();
let tick = 0;
let late = 0;
let timer: NodeJS.Timeout;

function post(message: FromSampler): void {
  port!.postMessage(message);
}

function takeAndWait(): void {
  if (isLate(startNs, intervalNs, tick, nowNs())) late += 1;
  post({ type: 'sample', sample: collector.sample(false) });
  const next = nextTick(startNs, intervalNs, tick, nowNs());
  tick = next.tick;
  late += next.skipped;
  timer = setTimeout(takeAndWait, (startNs + tick * intervalNs - nowNs()) / 1e6);
}

port.on('message', (message: ToSampler) => {
  switch (message.type) {
    case 'sample':
      post({ type: 'sample', sample: collector.sample(false, true) });
      post({ type: 'sampled' });
      return;
    case 'stop':
      clearTimeout(timer);
      post({ type: 'sample', sample: collector.sample(true) });
      collector.close();
      post({ type: 'stopped', summary: { ...collector.summary(), late } });
      port.close();
      return;
    default:
      assertNever(message);
  }
});

takeAndWait();
