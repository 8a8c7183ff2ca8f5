/** Server kind `reference`: the epoll loop in a thread of its own, and the main thread's handle on it. */
import { MessageChannel, Worker } from 'node:worker_threads';
import { entryFile } from '../kernel/entry.ts';
import { raiseEvent } from '../kernel/event-fd.ts';
import { loadNative } from '../kernel/native.ts';
import type { LedgerCounts } from './connection-ledger.ts';
import type { MeasureSpan } from './messages.ts';
import type { FromReferenceWorker, ReferenceWorkerData, ToReferenceWorker } from './reference-worker.ts';
import { serverReport, ServerFailure, type RunningServer, type ServerOptions } from './running-server.ts';

/**
 * Starts the loop in a worker thread. It answers at exact times (nanosecond timeouts), holds its timeouts without a buffer, and closes
 * first or last as it is told. Rejects with a ServerFailure: ENOFFI where native calls are not to be had, or why it cannot listen.
 */
export async function startReferenceServer(options: ServerOptions): Promise<RunningServer> {
  const native = loadNative();
  if (!native.ok) throw new ServerFailure('ENOFFI', `Server kind reference needs native calls: ${native.reason}.`);
  if (options.config.http2 !== undefined) {
    throw new ServerFailure('EREFERENCEH2', 'Server kind reference speaks HTTP/1 only: h2 needs kind node.');
  }
  const thread = new ReferenceThread(options);
  const { port, settings } = await thread.listening;
  return {
    host: options.host,
    port,
    settings,
    report: async () => serverReport(await thread.counts(), null),
    measure: (span) => {
      thread.measure(span);
    },
    stop: (graceMs) => thread.stop(graceMs),
    broken: thread.broken,
  };
}

type Listening = Extract<FromReferenceWorker, { type: 'listening' }>;

class ReferenceThread {
  readonly listening: Promise<Listening>;
  readonly broken: Promise<never>;
  readonly #commands;
  readonly #ended: Promise<LedgerCounts>;
  readonly #asked = new Map<number, (counts: LedgerCounts) => void>();
  #wakeFd = -1;
  #last: LedgerCounts | null = null;
  #nextId = 0;

  constructor(options: ServerOptions) {
    const { port1, port2 } = new MessageChannel();
    this.#commands = port1;
    const data: ReferenceWorkerData = { options, commands: port2 };
    const worker = new Worker(entryFile(import.meta.url, './reference-worker'), {
      workerData: data,
      transferList: [port2],
      execArgv: [],
    });
    this.broken = brokenBy(worker, () => this.#last !== null);
    this.listening = Promise.race([messageOf(worker, isListening), this.broken]);
    this.#ended = Promise.race([messageOf(worker, isEnded).then(({ counts }) => counts), this.broken]);
    // Each is awaited only in its own phase of the thread's life.
    for (const promise of [this.listening, this.#ended, this.broken]) promise.catch(() => undefined);
    worker.on('message', (message: FromReferenceWorker) => {
      if (message.type === 'listening') this.#wakeFd = message.wakeFd;
      else if (message.type === 'counts') this.#answer(message.id, message.counts);
      else if (message.type === 'ended') this.#onEnded(message.counts);
    });
  }

  counts(): Promise<LedgerCounts> {
    if (this.#last !== null) return Promise.resolve(this.#last);
    const id = this.#nextId++;
    const answer = new Promise<LedgerCounts>((resolve) => {
      this.#asked.set(id, resolve);
    });
    this.#command({ type: 'count', id });
    return Promise.race([answer, this.broken]);
  }

  measure(span: MeasureSpan): void {
    if (this.#last === null) this.#command({ type: 'measure', span });
  }

  async stop(graceMs: number): Promise<void> {
    if (this.#last === null) this.#command({ type: 'stop', graceMs });
    await this.#ended;
  }

  #command(command: ToReferenceWorker): void {
    this.#commands.postMessage(command);
    raiseEvent(this.#wakeFd);
  }

  #answer(id: number, counts: LedgerCounts): void {
    this.#asked.get(id)?.(counts);
    this.#asked.delete(id);
  }

  #onEnded(counts: LedgerCounts): void {
    this.#last = counts;
    for (const id of [...this.#asked.keys()]) this.#answer(id, counts);
    this.#commands.close();
  }
}

const isListening = (message: FromReferenceWorker): message is Listening => message.type === 'listening';
const isEnded = (message: FromReferenceWorker): message is Extract<FromReferenceWorker, { type: 'ended' }> =>
  message.type === 'ended';

function messageOf<M extends FromReferenceWorker>(
  worker: Worker,
  matches: (message: FromReferenceWorker) => message is M,
): Promise<M> {
  return new Promise((resolve) => {
    worker.on('message', (message: FromReferenceWorker) => {
      if (matches(message)) resolve(message);
    });
  });
}

/** Rejects when the thread fails, or ends before its time. */
function brokenBy(worker: Worker, hasEnded: () => boolean): Promise<never> {
  return new Promise((_, reject) => {
    worker.on('message', (message: FromReferenceWorker) => {
      if (message.type === 'failed') reject(new ServerFailure(message.code, message.message));
    });
    worker.on('error', reject);
    worker.on('exit', (code) => {
      if (!hasEnded()) reject(new ServerFailure('ETHREAD', `The reference server's thread ended with code ${code}.`));
    });
  });
}
