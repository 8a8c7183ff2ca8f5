/** Trials with the real processes against servers that misbehave on the wire: the failure is named by phase and code in the record. */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { TrialRecord } from '../../src/results/record.ts';
import { realProcesses } from '../../src/trial/processes.ts';
import { config } from './fixtures.ts';
import { closedLoad, wholeTrial } from './whole-trial.ts';

const open: Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

/** A trial of 4 users whose requests go to `port` instead of the server's own. */
async function trialAgainst(port: number): Promise<TrialRecord> {
  const strategy = {
    ...config.strategy,
    connection: 'keep-alive' as const,
    timeouts: { connectMs: 1000, responseMs: 300 },
  };
  const dependencies = {
    ...realProcesses,
    startServer: async (...args: Parameters<typeof realProcesses.startServer>) => ({
      ...(await realProcesses.startServer(...args)),
      port,
    }),
  };
  return wholeTrial({ ...config, strategy, load: closedLoad(4, 500, 5) }, { dependencies });
}

async function listen(onConnection: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    onConnection(socket);
  });
  open.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as { port: number }).port;
}

/** Answers every request with these bytes, then does what `then` says. */
function answering(text: string, then: (socket: Socket) => void): (socket: Socket) => void {
  return (socket) => {
    socket.on('data', () => {
      if (text === '') then(socket);
      else {
        socket.write(text, () => {
          then(socket);
        });
      }
    });
  };
}

const half = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of it';
const faults: readonly [string, (socket: Socket) => void, phase: string, code: string][] = [
  ['a reset instead of an answer', answering('', (socket) => socket.resetAndDestroy()), 'firstByte', 'ECONNRESET'],
  ['a close instead of an answer', answering('', (socket) => socket.end()), 'firstByte', 'NO_RESPONSE'],
  ['a truncated body', answering(half, (socket) => socket.end()), 'download', 'TRUNCATED_BODY'],
  ['garbage', answering('it is not HTTP at all\r\n\r\n', () => undefined), 'download', 'BAD_STATUS_LINE'],
  ['silence', answering('', () => undefined), 'firstByte', 'RESPONSE_TIMEOUT'],
  ['a stall in the middle of a body', answering(half, () => undefined), 'download', 'RESPONSE_TIMEOUT'],
];

test.each(faults)('%s is named in the record', async (_name, onConnection, phase, code) => {
  const record = await trialAgainst(await listen(onConnection));
  expect(record.valid).toBe(false);
  expect(record.invalidReasons.map((reason) => reason.code)).toContain('nothing-completed');
  expect(new Set(record.errors.map((error) => `${error.phase} ${error.code}`))).toEqual(new Set([`${phase} ${code}`]));
  const { scheduled, failed } = record.requests!;
  expect(failed).toBe(scheduled);
  expect(record.errors.reduce((sum, { count }) => sum + count, 0)).toBe(failed);
});

test('a reset in the middle of a body is named in the record', async () => {
  // The reset must not overtake the bytes: it follows once the client has read them and sent nothing more.
  const record = await trialAgainst(
    await listen(
      answering(half, (socket) => {
        setTimeout(() => socket.resetAndDestroy(), 50);
      }),
    ),
  );
  expect(record.errors.map(({ phase, code }) => ({ phase, code }))).toContainEqual({
    phase: 'download',
    code: 'ECONNRESET',
  });
});

test('a refused connection makes the trial invalid: server-unreachable', async () => {
  const port = await listen(() => undefined);
  open.pop()!.close();
  const record = await trialAgainst(port);
  expect(record.valid).toBe(false);
  expect(record.invalidReasons.map(({ code }) => code)).toContain('server-unreachable');
  expect(new Set(record.errors.map(({ phase, code }) => `${phase} ${code}`))).toEqual(
    new Set(['connect ECONNREFUSED']),
  );
});
