/** Entry of the thread that the reference server's loop blocks in: commands come through a port that is read when the loop is woken. */
import { parentPort, receiveMessageOnPort, workerData, type MessagePort } from 'node:worker_threads';
import type { LedgerCounts } from './connection-ledger.ts';
import type { LiveServerSettings, MeasureSpan } from './messages.ts';
import { ReferenceLoop } from './reference-loop.ts';
import { ServerFailure, type ServerOptions } from './running-server.ts';

export interface ReferenceWorkerData {
  readonly options: ServerOptions;
  readonly commands: MessagePort;
}

export type ToReferenceWorker =
  | { readonly type: 'count'; readonly id: number }
  | { readonly type: 'measure'; readonly span: MeasureSpan }
  | { readonly type: 'stop'; readonly graceMs: number };

export type FromReferenceWorker =
  | {
      readonly type: 'listening';
      readonly port: number;
      readonly settings: LiveServerSettings;
      readonly wakeFd: number;
    }
  | { readonly type: 'counts'; readonly id: number; readonly counts: LedgerCounts }
  /** The loop has ended; nothing follows. */
  | { readonly type: 'ended'; readonly counts: LedgerCounts }
  | { readonly type: 'failed'; readonly code: string; readonly message: string };

function post(message: FromReferenceWorker): void {
  parentPort?.postMessage(message);
}

function serve({ options, commands }: ReferenceWorkerData): void {
  const loop = new ReferenceLoop(options);
  post({ type: 'listening', port: loop.port, settings: loop.settings, wakeFd: loop.wakeFd });
  loop.run(() => {
    for (let next = receiveMessageOnPort(commands); next !== undefined; next = receiveMessageOnPort(commands)) {
      const command = next.message as ToReferenceWorker;
      if (command.type === 'stop') loop.stop(command.graceMs);
      else if (command.type === 'measure') loop.measure(command.span);
      else post({ type: 'counts', id: command.id, counts: loop.counts() });
    }
  });
  post({ type: 'ended', counts: loop.counts() });
  commands.close();
}

try {
  serve(workerData as ReferenceWorkerData);
} catch (error) {
  if (!(error instanceof ServerFailure)) throw error;
  post({ type: 'failed', code: error.code, message: error.message });
}
