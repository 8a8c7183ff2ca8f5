/** The main thread's handle on the relay: start, reports, the capture file, stop. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { MessageChannel, Worker } from 'node:worker_threads';
import { entryFile } from '../kernel/entry.ts';
import { raiseEvent } from '../kernel/event-fd.ts';
import type { LinkConfig } from '../scenario/config.ts';
import { LinkFailure } from './link-failure.ts';
import type { FromLinkWorker, LinkWorkerData, ToLinkWorker } from './link-worker.ts';
import type { LinkReport } from './messages.ts';

export interface LinkThreadOptions {
  readonly clientFd: number;
  readonly serverFd: number;
  readonly config: LinkConfig;
  readonly seed: number;
  readonly pcapPath: string | null;
}

export class LinkThread {
  /** Resolves once packets are carried. */
  readonly relaying: Promise<void>;
  /** Rejects where the relay or its capture fails; never resolves. */
  readonly broken: Promise<never>;
  readonly #commands;
  readonly #capture: CaptureFile | null;
  readonly #ended: Promise<LinkReport>;
  readonly #asked = new Map<number, (report: LinkReport) => void>();
  #wakeFd = -1;
  #last: LinkReport | null = null;
  #nextId = 0;

  /** Throws a LinkFailure EPCAP where the capture file cannot be made. */
  constructor({ pcapPath, ...options }: LinkThreadOptions) {
    this.#capture = pcapPath === null ? null : new CaptureFile(pcapPath);
    const { port1, port2 } = new MessageChannel();
    this.#commands = port1;
    const data: LinkWorkerData = { ...options, commands: port2, chunksWritten: this.#capture?.chunksWritten ?? null };
    const worker = new Worker(entryFile(import.meta.url, './link-worker'), {
      workerData: data,
      transferList: [port2],
      execArgv: [],
    });
    const relaying = new Promise<void>((resolve) => {
      worker.on('message', (message: FromLinkWorker) => {
        if (message.type === 'relaying') resolve();
      });
    });
    const ended = new Promise<LinkReport>((resolve) => {
      worker.on('message', (message: FromLinkWorker) => {
        if (message.type === 'ended') resolve(message.report);
      });
    });
    this.broken = this.#watch(worker);
    this.relaying = Promise.race([relaying, this.broken]);
    this.#ended = Promise.race([ended, this.broken]);
    // Each is awaited only in its own phase of the thread's life.
    for (const promise of [this.relaying, this.#ended, this.broken]) promise.catch(() => undefined);
  }

  report(): Promise<LinkReport> {
    if (this.#last !== null) return Promise.resolve(this.#last);
    const id = this.#nextId++;
    const answer = new Promise<LinkReport>((resolve) => {
      this.#asked.set(id, resolve);
    });
    this.#command({ type: 'report', id });
    return Promise.race([answer, this.broken]);
  }

  /** Ends the relay, closes the capture and gives the last report. Call it once `relaying` has resolved. */
  async stop(): Promise<LinkReport> {
    if (this.#last === null) this.#command({ type: 'stop' });
    return this.#ended;
  }

  #command(command: ToLinkWorker): void {
    this.#commands.postMessage(command);
    raiseEvent(this.#wakeFd);
  }

  #watch(worker: Worker): Promise<never> {
    return new Promise((_, reject) => {
      worker.on('message', (message: FromLinkWorker) => {
        try {
          this.#onMessage(message);
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
      worker.on('error', reject);
      worker.on('exit', (code) => {
        if (this.#last === null) reject(new LinkFailure('ETHREAD', `The link's thread ended with code ${code}.`));
      });
    });
  }

  #onMessage(message: FromLinkWorker): void {
    switch (message.type) {
      case 'relaying':
        this.#wakeFd = message.wakeFd;
        return;
      case 'report':
        this.#answer(message.id, message.report);
        return;
      case 'chunk':
        this.#capture?.write(message.bytes);
        return;
      case 'ended':
        this.#onEnded(message.report);
        return;
      case 'failed':
        throw new LinkFailure(message.code, message.message);
    }
  }

  #answer(id: number, report: LinkReport): void {
    this.#asked.get(id)?.(report);
    this.#asked.delete(id);
  }

  #onEnded(report: LinkReport): void {
    this.#last = report;
    for (const id of [...this.#asked.keys()]) this.#answer(id, report);
    this.#commands.close();
    this.#capture?.close();
  }
}

/** The capture on disk. Written by the main thread, so that the relay does not wait for the disk. */
class CaptureFile {
  readonly chunksWritten = new Int32Array(new SharedArrayBuffer(4));
  readonly #path: string;
  readonly #fd: number;

  constructor(path: string) {
    this.#path = path;
    this.#fd = this.#try(() => openSync(path, 'w'));
  }

  write(bytes: Uint8Array): void {
    this.#try(() => {
      for (let done = 0; done < bytes.length;) done += writeSync(this.#fd, bytes, done);
    });
    Atomics.add(this.chunksWritten, 0, 1);
  }

  close(): void {
    this.#try(() => {
      closeSync(this.#fd);
    });
  }

  #try<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw new LinkFailure('EPCAP', `The capture ${this.#path} cannot be written: ${(error as Error).message}.`);
    }
  }
}
