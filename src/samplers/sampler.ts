/** The controller's handle on the sampler thread: start it, look at the latest sample, stop it and take the report. */
import { Worker } from 'node:worker_threads';
import { entryFile } from '../kernel/entry.ts';
import type { FromSampler, Sample, SamplerReport, SamplerRequest, ToSampler } from './messages.ts';

const startDeadlineMs = 10_000;
const stopDeadlineMs = 10_000;

export interface Sampler {
  /** The newest sample. */
  latest(): Sample;
  /** Takes a sample now, between two of the schedule. Rejects as `stop` does. */
  sample(): Promise<void>;
  /**
   * Takes a last, exact sample and ends the thread. Asking again gives the same report. Rejects where the thread broke or does not
   * answer within 10 s; it is gone then, too.
   */
  stop(): Promise<SamplerReport>;
}

/**
 * Starts sampling every `intervalMs` in a thread of its own. Resolves when the first sample is in, so what it says is from before
 * anything the caller does next. A figure that is missing on this system is null with a reason; the sampler itself runs anywhere.
 * Rejects where the thread does not start within 10 s. Throws a RangeError for an interval below 1 ms.
 */
export async function startSampler(request: SamplerRequest): Promise<Sampler> {
  if (!(request.intervalMs >= 1)) throw new RangeError(`a sampling interval of ${request.intervalMs} ms`);
  const thread = new SamplerThread(request);
  const first = await thread.firstSample();
  return {
    latest: () => thread.samples.at(-1) ?? first,
    sample: () => thread.sample(),
    stop: () => thread.stop(),
  };
}

class SamplerThread {
  readonly samples: Sample[] = [];
  readonly #worker: Worker;
  readonly #started: Promise<Sample>;
  readonly #stopped: Promise<SamplerReport>;
  #stopAsked = false;

  constructor(request: SamplerRequest) {
    // Flags of a test runner or a debugger are not for this thread.
    const worker = new Worker(entryFile(import.meta.url, './worker'), {
      workerData: request,
      execArgv: [],
      name: 'sampler',
    });
    this.#worker = worker;
    this.#started = new Promise((resolve, reject) => {
      worker.on('message', (message: FromSampler) => {
        if (message.type === 'sample') resolve(message.sample);
      });
      worker.on('error', reject);
      worker.on('exit', (code) => {
        reject(new Error(`the sampler thread ended by itself with code ${code}`));
      });
    });
    this.#stopped = new Promise((resolve, reject) => {
      let report: SamplerReport | null = null;
      worker.on('message', (message: FromSampler) => {
        if (message.type === 'sample') this.samples.push(message.sample);
        else if (message.type === 'stopped') report = { ...message.summary, samples: this.samples };
      });
      worker.on('error', reject);
      worker.on('exit', (code) => {
        if (report !== null) resolve(report);
        else reject(new Error(`the sampler thread ended by itself with code ${code}`));
      });
    });
    // The thread may break while nobody waits for an answer; whoever asks later still gets the error.
    this.#stopped.catch(() => undefined);
  }

  firstSample(): Promise<Sample> {
    return this.#within(this.#started, startDeadlineMs, 'start');
  }

  sample(): Promise<void> {
    const taken = new Promise<void>((resolve) => {
      const onMessage = (message: FromSampler): void => {
        if (message.type !== 'sampled') return;
        this.#worker.off('message', onMessage);
        resolve();
      };
      this.#worker.on('message', onMessage);
    });
    const message: ToSampler = { type: 'sample' };
    this.#worker.postMessage(message);
    return this.#within(Promise.race([taken, this.#stopped.then(() => undefined)]), stopDeadlineMs, 'sample');
  }

  stop(): Promise<SamplerReport> {
    if (!this.#stopAsked) {
      this.#stopAsked = true;
      const message: ToSampler = { type: 'stop' };
      this.#worker.postMessage(message);
    }
    return this.#within(this.#stopped, stopDeadlineMs, 'stop');
  }

  /** Ends the thread when it does not answer in time. */
  async #within<T>(answer: Promise<T>, deadlineMs: number, what: string): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`the sampler thread did not ${what} within ${deadlineMs} ms`));
        void this.#worker.terminate();
      }, deadlineMs);
    });
    try {
      return await Promise.race([answer, deadline]);
    } finally {
      clearTimeout(timer);
    }
  }
}
