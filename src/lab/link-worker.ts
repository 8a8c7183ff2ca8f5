/** Entry of the thread that the relay blocks in: commands come through a port that is read when the loop is woken. */
import { parentPort, receiveMessageOnPort, workerData, type MessagePort } from 'node:worker_threads';
import { nowNs } from '../kernel/clock.ts';
import type { LinkConfig } from '../scenario/config.ts';
import { LinkFailure } from './link-failure.ts';
import type { LinkReport } from './messages.ts';
import { PcapChunks } from './pcap.ts';
import { Relay } from './relay.ts';

export interface LinkWorkerData {
  readonly clientFd: number;
  readonly serverFd: number;
  readonly config: LinkConfig;
  readonly seed: number;
  readonly commands: MessagePort;
  /** How many chunks of the capture the main thread has written, in shared memory; null: no capture is wanted. */
  readonly chunksWritten: Int32Array | null;
}

export type ToLinkWorker = { readonly type: 'report'; readonly id: number } | { readonly type: 'stop' };

export type FromLinkWorker =
  | { readonly type: 'relaying'; readonly wakeFd: number }
  | { readonly type: 'report'; readonly id: number; readonly report: LinkReport }
  /** The next bytes of the capture file. */
  | { readonly type: 'chunk'; readonly bytes: Uint8Array<ArrayBuffer> }
  /** The loop has ended; nothing follows. */
  | { readonly type: 'ended'; readonly report: LinkReport }
  | { readonly type: 'failed'; readonly code: string; readonly message: string };

/** Chunks that may wait for the disk: 64 MiB. */
const mostChunksWaiting = 256;

function post(message: FromLinkWorker, transfer: readonly ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer);
}

function captureTo(chunksWritten: Int32Array): PcapChunks {
  let emitted = 0;
  return new PcapChunks({ startNs: nowNs(), epochMs: Date.now() }, (bytes) => {
    emitted++;
    if (emitted - Atomics.load(chunksWritten, 0) > mostChunksWaiting) {
      throw new LinkFailure('EPCAP', 'The disk cannot keep up with the capture of packets.');
    }
    post({ type: 'chunk', bytes }, [bytes.buffer]);
  });
}

function carry({ commands, chunksWritten, ...options }: LinkWorkerData): void {
  const relay = new Relay({ ...options, capture: chunksWritten === null ? null : captureTo(chunksWritten) });
  post({ type: 'relaying', wakeFd: relay.wakeFd });
  relay.run(() => {
    for (let next = receiveMessageOnPort(commands); next !== undefined; next = receiveMessageOnPort(commands)) {
      const command = next.message as ToLinkWorker;
      if (command.type === 'stop') relay.stop();
      else post({ type: 'report', id: command.id, report: relay.report() });
    }
  });
  post({ type: 'ended', report: relay.report() });
  commands.close();
}

try {
  carry(workerData as LinkWorkerData);
} catch (error) {
  if (!(error instanceof LinkFailure)) throw error;
  post({ type: 'failed', code: error.code, message: error.message });
}
