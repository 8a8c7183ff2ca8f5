/** Processes of a trial that do at once and exactly what a test tells them. */
import type { GeneratorReport, MeasureTimes } from '../../src/generator/messages.ts';
import type { ProcessEnd } from '../../src/server/child.ts';
import type { ServerReport } from '../../src/server/messages.ts';
import type { StartTimes, TrialDependencies, TrialGenerator } from '../../src/trial/dependencies.ts';
import * as fixtures from './fixtures.ts';

/** A promise that nothing settles. */
export function never<T>(): Promise<T> {
  return new Promise<T>(() => undefined);
}

/** A promise that somebody else settles. */
class Deferred<T> {
  resolve!: (value: T) => void;
  reject!: (error: Error) => void;
  readonly promise = new Promise<T>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });
}

export interface FakeBehaviour {
  /** What the generator does when it is told to start; by default it reports at once. */
  readonly onStart?: (generator: FakeGenerator, server: FakeServer) => void;
  /** What it does when it is told to stop early; by default it reports. */
  readonly onStop?: (generator: FakeGenerator) => void;
  /** The generator says when measure is only when the test makes it do so, not at its start. */
  readonly measureLater?: boolean;
  readonly dependencies?: Partial<TrialDependencies>;
}

export class FakeServer {
  readonly #died = new Deferred<ProcessEnd>();
  readonly died = this.#died.promise;
  readonly pid = 2;
  readonly host = '127.0.0.1';
  readonly port = 40_000;
  readonly settings = fixtures.settings;
  killed = false;
  stopped = false;

  die(end: ProcessEnd): void {
    this.#died.resolve(end);
  }
  snapshot(): Promise<ServerReport> {
    return Promise.resolve(fixtures.server);
  }
  stop(): Promise<ServerReport> {
    this.stopped = true;
    return Promise.resolve(fixtures.server);
  }
  kill(): Promise<void> {
    this.killed = true;
    return Promise.resolve();
  }
}

export class FakeGenerator implements TrialGenerator {
  readonly #done = new Deferred<GeneratorReport>();
  readonly done = this.#done.promise;
  readonly pid = 1;
  readonly transport = 'epoll';
  readonly transportReason = null;
  readonly #behaviour: FakeBehaviour;
  readonly #server: FakeServer;
  #onStarted: (times: StartTimes) => void = () => undefined;
  #onMeasure: (times: MeasureTimes) => void = () => undefined;
  killed = false;
  /** What it was told at its start; null before. */
  request: Parameters<TrialGenerator['start']>[0] | null = null;

  constructor(behaviour: FakeBehaviour, server: FakeServer) {
    this.#behaviour = behaviour;
    this.#server = server;
  }

  start(request: Parameters<TrialGenerator['start']>[0]): void {
    this.request = request;
    const { startNs, measureStartNs, measureEndNs } = fixtures.generator;
    this.#onStarted({ startNs, measureStartNs, measureEndNs });
    if (this.#behaviour.measureLater !== true) this.measure();
    if (this.#behaviour.onStart === undefined)
      setImmediate(() => {
        this.report();
      });
    else this.#behaviour.onStart(this, this.#server);
  }
  report(change: Partial<GeneratorReport> = {}): void {
    this.#done.resolve({ ...fixtures.generator, ...change });
  }
  fail(error: Error): void {
    this.#done.reject(error);
  }
  onLive(): void {
    // Nothing to tell.
  }
  onStarted(listener: (times: StartTimes) => void): void {
    this.#onStarted = listener;
  }
  onMeasure(listener: (times: MeasureTimes) => void): void {
    this.#onMeasure = listener;
  }
  /** Says when measure is. */
  measure(times: MeasureTimes = fixtures.generator): void {
    const { measureStartNs, measureEndNs } = times;
    this.#onMeasure({ measureStartNs, measureEndNs });
  }
  stop(): void {
    if (this.#behaviour.onStop === undefined) this.report({ stopped: true });
    else this.#behaviour.onStop(this);
  }
  kill(): void {
    this.killed = true;
  }
}

/** Dependencies for `runTrial`, and the parts they hand out. */
export function fakeTrial(behaviour: FakeBehaviour = {}): {
  readonly dependencies: TrialDependencies;
  readonly server: FakeServer;
  readonly generator: FakeGenerator;
} {
  const server = new FakeServer();
  const generator = new FakeGenerator(behaviour, server);
  const readings = [fixtures.kernelBefore, fixtures.kernelAfter];
  const dependencies: TrialDependencies = {
    openLab: () => never(),
    certificates: () => Promise.resolve({ caPem: 'CA', certPem: 'CERTIFICATE', keyPem: 'PRIVATE KEY' }),
    startServer: () => Promise.resolve(server),
    startHop: () => never(),
    startAttackers: () => never(),
    startGenerator: () => Promise.resolve(generator),
    startSampler: () =>
      Promise.resolve({ sample: () => Promise.resolve(), stop: () => Promise.resolve(fixtures.sampler) }),
    readKernelCounters: () => readings.shift() ?? { missing: 'read too often' },
    ...behaviour.dependencies,
  };
  return { dependencies, server, generator };
}
