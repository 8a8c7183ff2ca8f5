/** Responses that nobody read, by the client's count and by the server's: a miscount of one is found. */
import { describe, expect, it } from 'vitest';
import { reconcile } from '../../src/trial/reconcile.ts';
import { consistent } from './fixtures.ts';

/** Of the fixture's 100 requests 3 are never read; their connections, 3 of the 10, are held to the end. */
function leaking(
  changes: { leaked?: number; answered?: number; held?: number; failed?: number } = {},
): typeof consistent {
  const { leaked = 3, answered = 97, held = 3, failed = 0 } = changes;
  const { generator } = consistent;
  const completed = generator.wholeTrial.scheduled - leaked - failed;
  return {
    ...consistent,
    generator: {
      ...generator,
      wholeTrial: { ...generator.wholeTrial, completed, failed, leaked, answered },
      connections: {
        ...generator.connections,
        leaked: held,
        requestsPerConnection: { 10: 7, 9: 3 },
      },
    },
  };
}

const rowOf = (input: typeof consistent, name: string): unknown => {
  const { client, server, ok } = reconcile(input).find((row) => row.name === name)!;
  return { client, server, ok };
};
const broken = (input: typeof consistent): readonly string[] =>
  reconcile(input).flatMap(({ name, ok }) => (ok === false ? [name] : []));

describe('the rows of a load that leaks', () => {
  it('agree where what the server answered is what was read and what was left', () => {
    expect(broken(leaking())).toEqual([]);
    expect(rowOf(leaking(), 'requests.leaked')).toEqual({ client: 3, server: 3, ok: true });
    expect(rowOf(leaking(), 'connections.leaked')).toEqual({ client: 3, server: 10, ok: true });
  });

  it('are not there where nothing leaks', () => {
    expect(reconcile(consistent).filter(({ name }) => name.endsWith('.leaked'))).toEqual([]);
  });

  it('find one that was read and counted as left', () => {
    expect(broken(leaking({ leaked: 4 }))).toContain('requests.leaked');
  });

  it('find more held connections than there are responses to hold them', () => {
    expect(broken(leaking({ held: 4 }))).toEqual(['connections.leaked']);
  });

  it('a fault in a response that nobody reads fails no request', () => {
    const faulty = (count: number): typeof consistent => ({
      ...leaking(),
      server: { ...consistent.server, faults: { 'reset-during': count } },
    });
    expect(broken(faulty(3))).toEqual([]);
    expect(broken(faulty(4))).toEqual(['faults']);
  });

  it('only bound each other where requests failed', () => {
    expect(rowOf(leaking({ leaked: 2, failed: 1 }), 'requests.leaked')).toEqual({ client: 2, server: 3, ok: true });
    expect(rowOf(leaking({ leaked: 4, failed: 1 }), 'requests.leaked')).toEqual({ client: 4, server: 3, ok: false });
  });
});
