/** The controller's handle on a generator process: start with a deadline, live figures, the report, and a certain end. */
import { clientNamed } from '../clients/registry.ts';
import { entryFile } from '../kernel/entry.ts';
import { IpcChild } from '../kernel/ipc-child.ts';
import type { ClientName, TrialConfig } from '../scenario/config.ts';
import { authorityFile } from './authority-file.ts';
import type { AnyGeneratorReport, FromGenerator, MeasureTimes, ToGenerator } from './messages.ts';

type Message<T extends FromGenerator['type']> = Extract<FromGenerator, { type: T }>;

export interface StartGeneratorOptions {
  /** How long the process may take until it is ready. */
  readonly deadlineMs: number;
  readonly client?: ClientName;
  /** A command that starts the process, e.g. inside a host of a lab; nothing where absent. */
  readonly launcher?: readonly string[];
  /** Absolute path of the Node that runs it; absent: the one that runs this process. */
  readonly runtime?: string;
  /** PEM of the authority that verifies the server, for a client whose process has to be started with it. */
  readonly caPem?: string;
}

export interface GeneratorHandle {
  readonly pid: number;
  readonly transport: 'epoll' | 'net';
  /** Why not epoll; null with epoll. */
  readonly transportReason: string | null;
  start(request: { config: TrialConfig; host: string; port: number; seed: number; caPem?: string }): void;
  onLive(listener: (figures: Omit<Message<'live'>, 'type'>) => void): void;
  /** With the planned times of measure. */
  onStarted(listener: (times: Omit<Message<'started'>, 'type'>) => void): void;
  /** With its certain times. */
  onMeasure(listener: (times: MeasureTimes) => void): void;
  /** Rejects with a GeneratorError where the process dies or fails. */
  readonly done: Promise<AnyGeneratorReport>;
  /** Ends the load early; `done` still brings the report. */
  stop(): void;
  /** SIGKILL. Harmless when the process is gone. */
  kill(): void;
}

/** A generator that failed, died or was not ready in time: `code` is its own, GENERATOR_DIED or GENERATOR_DEADLINE. */
export class GeneratorError extends Error {
  override readonly name = 'GeneratorError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Starts a generator process and waits until it is ready. Rejects with a GeneratorError; then no process is left behind. */
export async function startGenerator(options: StartGeneratorOptions): Promise<GeneratorHandle> {
  const { client = 'reference', launcher, runtime, caPem } = options;
  const authority = await authorityFile(clientNamed(client), caPem);
  const entry = entryFile(import.meta.url, './main');
  const { environment, descriptors } = authority;
  const child = new IpcChild<ToGenerator, FromGenerator>(entry, [client], launcher, environment, descriptors, runtime);
  authority.close();
  const done = watchReport(child);
  done.catch(() => undefined); // Whoever waits for the report is told; before that, `ready` is.
  try {
    const ready = await readyWithin(child, options.deadlineMs, done);
    return {
      pid: child.pid,
      transport: ready.transport,
      transportReason: ready.transportReason,
      start: (request) => {
        child.send({ type: 'start', ...request });
      },
      onLive: (listener) => {
        child.onMessage((message) => {
          if (message.type === 'live') listener(message);
        });
      },
      onStarted: (listener) => {
        child.onMessage((message) => {
          if (message.type === 'started') listener(message);
        });
      },
      onMeasure: (listener) => {
        child.onMessage((message) => {
          if (message.type === 'measure') listener(message);
        });
      },
      done,
      stop: () => {
        child.send({ type: 'stop' });
      },
      kill: () => void child.kill(),
    };
  } catch (error) {
    await child.kill();
    throw error;
  }
}

function watchReport(child: IpcChild<ToGenerator, FromGenerator>): Promise<AnyGeneratorReport> {
  return new Promise((resolve, reject) => {
    child.onMessage((message) => {
      if (message.type === 'done') resolve(message.report);
      if (message.type === 'failed') reject(new GeneratorError(message.code, message.message));
    });
    void child.ended.then((end) => {
      reject(new GeneratorError('GENERATOR_DIED', `The generator process ${child.pid} ${child.describeEnd(end)}.`));
    });
  });
}

function readyWithin(
  child: IpcChild<ToGenerator, FromGenerator>,
  deadlineMs: number,
  done: Promise<AnyGeneratorReport>,
): Promise<Message<'ready'>> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      const sentence = `The generator process ${child.pid} was not ready within ${deadlineMs} ms.`;
      reject(new GeneratorError('GENERATOR_DEADLINE', sentence));
    }, deadlineMs);
    const unwatch = child.onMessage((message) => {
      if (message.type !== 'ready') return;
      clearTimeout(timer);
      unwatch();
      resolve(message);
    });
    done.catch((error: unknown) => {
      clearTimeout(timer);
      reject(error instanceof Error ? error : new Error(String(error)));
    });
  });
}
