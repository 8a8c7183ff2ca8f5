/** A Node client that does what a test says, and a worker's run with it; its connections are real sockets to a server of the test's. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createLiveCounts } from '../../../src/clients/live.ts';
import type { Attempt, NodeClientSetup } from '../../../src/clients/node/node-client.ts';
import type { NodeConnection } from '../../../src/clients/node/node-connection.ts';
import { prepareNodeClient } from '../../../src/clients/node/runner.ts';
import type { LatencyName, WorkerReport } from '../../../src/clients/observations.ts';
import { nowNs } from '../../../src/kernel/clock.ts';
import type { LoadConfig } from '../../../src/scenario/config.ts';
import { expectConsistent } from '../consistency.ts';
import { type StrategyChanges, trialConfig } from '../trial-config.ts';

/** What the client does with its attempts. */
export interface Script {
  readonly load: LoadConfig;
  readonly strategy?: StrategyChanges;
  readonly start: (attempt: Attempt, world: World) => void;
  readonly abandon?: (attempt: Attempt) => void;
  readonly unmeasured?: Partial<Record<LatencyName, string>>;
}

export interface World {
  readonly setup: NodeClientSetup;
  /** Every attempt so far, this one included. */
  readonly attempts: readonly Attempt[];
  /** Opens a connection; resolves when it is established. */
  open(): { readonly connection: NodeConnection; readonly established: Promise<void> };
}

/** Runs a script against a server that accepts and says nothing. Checks what must hold of every report but one with series left out. */
export async function runScript(script: Script): Promise<WorkerReport> {
  const accepted: Socket[] = [];
  const server: Server = createServer((socket) => {
    accepted.push(socket.on('error', () => undefined).resume());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    const share = await prepareNodeClient(
      {
        config: trialConfig(script.load, script.strategy),
        host: '127.0.0.1',
        port,
        seed: 1,
        worker: 0,
        workers: 1,
        live: createLiveCounts(),
      },
      (setup) => scripted(script, setup, port),
    );
    const report = await share.run(nowNs() + 2e6);
    if (script.unmeasured === undefined) expectConsistent(report);
    return report;
  } finally {
    server.close();
    for (const socket of accepted) socket.destroy();
  }
}

function scripted(script: Script, setup: NodeClientSetup, port: number) {
  const attempts: Attempt[] = [];
  const world: World = {
    setup,
    attempts,
    open: () => {
      const socket = connect(port, '127.0.0.1');
      const connection = setup.ledger.track(socket);
      return { connection, established: once(socket, 'connect').then(() => undefined) };
    },
  };
  return {
    facts: { version: 'scripted 1', settings: {} },
    unmeasured: script.unmeasured ?? {},
    start: (attempt: Attempt) => {
      attempts.push(attempt);
      script.start(attempt, world);
      return () => script.abandon?.(attempt);
    },
    close: () => undefined,
  };
}

/** Answers an attempt on a connection of its own as soon as that is established. */
export function answerOnNew(attempt: Attempt, world: World): void {
  const { connection, established } = world.open();
  attempt.onConnection(connection);
  void established.then(() => {
    attempt.written();
    attempt.firstByte();
    attempt.answered(200);
  });
}
