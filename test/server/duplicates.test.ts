/** Executions of the same request are told by its number: which were seen, exactly, in bounded memory and over both kinds of server. */
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import type { ServerHandle } from '../../src/server/child.ts';
import { startServer } from '../../src/server/child.ts';
import { ExecutedNumbers, parseRequestNumber } from '../../src/server/executed-numbers.ts';
import { RawClient, request } from './raw-client.ts';
import { kinds, serverConfig } from './server-config.ts';

describe('the numbers', () => {
  test('that come again are counted each time, as a set of them would', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat({ max: 2 }), fc.nat({ max: 200_000 }))), (numbers) => {
        const executed = new ExecutedNumbers();
        const model = new Set<string>();
        let duplicates = 0;
        for (const [worker, sequence] of numbers) {
          const key = `${worker} ${sequence}`;
          if (model.has(key)) duplicates++;
          model.add(key);
          executed.add(worker, sequence);
        }
        expect(executed.duplicates).toBe(duplicates);
      }),
    );
  });

  test('that need more memory than there is make the count unknown', () => {
    const executed = new ExecutedNumbers();
    executed.add(0, 0);
    // Each on a page of its own: 16384 pages are what there is, and the first number took one.
    for (let page = 1; page < 16_384; page++) executed.add(1, page * 65_536);
    executed.add(0, 0);
    expect(executed.duplicates).toBe(1);
    executed.add(2, 2 ** 48 - 1);
    expect(executed.duplicates).toBeNull();
  });

  test('are read from 16 hexadecimal digits and nothing else', () => {
    expect(parseRequestNumber('000a0000000000fF')).toEqual({ worker: 10, sequence: 255 });
    expect(parseRequestNumber('ffffffffffffffff')).toEqual({ worker: 65_535, sequence: 2 ** 48 - 1 });
    for (const other of ['', '0', '000a0000000000f', '000a0000000000fF0', '000a0000000000fg', undefined, ['x']]) {
      expect(parseRequestNumber(other)).toBeNull();
    }
  });
});

const running: ServerHandle[] = [];
const clients: RawClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.socket.destroy();
  for (const server of running.splice(0)) await server.kill();
});

describe.each(kinds)('server kind %s', (kind) => {
  async function afterRequests(values: readonly (string | null)[], countDuplicates: boolean): Promise<unknown> {
    const server = await startServer(serverConfig(kind), { seed: 1, deadlineMs: 10_000, countDuplicates });
    running.push(server);
    const client = await RawClient.open(server.port);
    clients.push(client);
    for (const value of values) {
      client.send(request({ headers: value === null ? [] : [`Connbench-Request: ${value}`] }));
      expect((await client.response()).status).toBe(200);
    }
    await client.close();
    const report = await server.stop(10_000);
    expect(report.executed).toBe(values.length);
    return report.duplicates;
  }

  const number = '0001000000000abc';
  test('counts the same number again, whatever its case and the space around it', async () => {
    const values = [number, null, ' 0001000000000ABC ', '0001000000000abd', '0002000000000abc', number];
    expect(await afterRequests(values, true)).toBe(2);
  });

  test('takes nothing else for a number', async () => {
    expect(await afterRequests(['12', '12', `${number}0`, `${number}0`, 'x'.repeat(16), 'x'.repeat(16)], true)).toBe(0);
  });

  test('does not look where nobody retries', async () => {
    expect(await afterRequests([number, number], false)).toBeUndefined();
  });
});
