/** Small worlds for the engine's tests: scripted answers, and one trial with what is expected of it. */
import { expect } from 'vitest';
import type { ClientCloseReason, ConnectionReport, FailureCount } from '../../../src/clients/observations.ts';
import { expectConsistent } from '../consistency.ts';
import { openLoad, type StrategyChanges } from '../trial-config.ts';
import { type Action, type Behaviour, response, runWorld, type WorldResult, type WorldSetup } from './fake-network.ts';

export const ms = 1e6;

/** Runs a world and checks what must hold of every one. */
export function run(setup: WorldSetup): WorldResult {
  const result = runWorld(setup);
  expectConsistent(result.report);
  expect([result.stillOpen, result.ledgerOpen, result.pooled]).toEqual([0, 0, 0]);
  return result;
}

/** `count` requests, 1 ms apart, the first at 0. */
export function arrivals(count: number): WorldSetup['load'] {
  return openLoad({ ratePerSecond: 1000, durationMs: count });
}

export const answers =
  (...texts: readonly string[]): NonNullable<Behaviour['answer']> =>
  (_connection, request) => [{ afterNs: 0.1 * ms, send: texts[Math.min(request, texts.length - 1)]! }];

const reasonsOf = ({ closesByReason }: ConnectionReport): Partial<Record<ClientCloseReason, number>> =>
  Object.fromEntries(Object.entries(closesByReason).filter(([, count]) => count > 0));

export const close = response(2, 'Connection: close');
export const reply = (text: string, ...more: readonly Action[]): readonly Action[] => [
  { afterNs: 0.1 * ms, send: text },
  ...more.map((action) => ({ ...action, afterNs: action.afterNs + 0.1 * ms })),
];
/** Only the first request of the first connection is treated so; all others are answered. */
export const onlyFirst =
  (actions: readonly Action[]): NonNullable<Behaviour['answer']> =>
  (connection, request) =>
    connection === 0 && request === 0 ? actions : [{ afterNs: 0.1 * ms, send: response() }];

/** One trial of `requests` requests, 1 ms apart, and everything that is counted of it. */
export interface Path {
  readonly name: string;
  readonly requests: number;
  readonly strategy?: StrategyChanges;
  readonly server: Behaviour;
  readonly method?: 'HEAD';
  readonly completed: number;
  readonly errors?: readonly Omit<FailureCount, 'count'>[];
  readonly opened: number;
  readonly reasons: Partial<Record<ClientCloseReason, number>>;
  readonly first: Partial<ConnectionReport['firstCloser']>;
  readonly perConnection: Readonly<Record<number, number>>;
  readonly resets?: { readonly received?: number; readonly sent?: number };
}

export function expectPath(row: Path): void {
  const load = { ...arrivals(row.requests), request: { method: row.method ?? 'GET', path: '/' } } as const;
  const { report, connections } = run({ load, server: row.server, strategy: row.strategy ?? {} });
  expect(report.measure).toMatchObject({
    scheduled: row.requests,
    completed: row.completed,
    dropped: 0,
    abandoned: 0,
  });
  expect(report.errors).toEqual((row.errors ?? []).map((error) => ({ ...error, count: 1 })));
  expect(connections.opened).toBe(row.opened);
  expect(reasonsOf(connections)).toEqual(row.reasons);
  expect(connections.firstCloser).toEqual({ client: 0, server: 0, reset: 0, ...row.first });
  expect(connections.requestsPerConnection).toEqual(row.perConnection);
  expect([connections.resetsReceived, connections.resetsSent]).toEqual([
    row.resets?.received ?? 0,
    row.resets?.sent ?? 0,
  ]);
}
