/**
 * No claim of the catalogue is a foregone conclusion: with the one setting changed that it depends on, the same scenario refutes what it
 * confirmed before.
 */
import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../src/compare/claims.ts';
import { hasLab } from '../lab/users.ts';
import { changed, judged, type Change, type PartialRun } from './scenario-claims.ts';

interface Mutation {
  /** What is changed, and to what. */
  readonly knob: string;
  /** The variants that the claims are about. */
  readonly of: readonly string[];
  /** Confirmed without the change, refuted with it. */
  readonly claims: readonly string[];
  readonly changes?: readonly Change[];
  readonly files?: PartialRun['files'];
  /** Six for a count that varies once the knob is changed: two tell only what is the same in both. */
  readonly blocks?: 2 | 6;
}

interface Mutated {
  readonly scenario: string;
  readonly mutations: readonly Mutation[];
  /** To keep it short: changes of both runs, which leave the claims as they are. */
  readonly shorter?: readonly Change[];
}

const catalogue: readonly Mutated[] = [
  {
    scenario: 'time-wait-owner',
    mutations: [
      {
        knob: 'the server does not wait for the client to close',
        of: ['ended-by=connection-close-client-first'],
        changes: [['firstCloser: client', 'firstCloser: server']],
        claims: ['A server that waits for the client to close leaves them to it'],
      },
      {
        knob: 'a FIN in place of the reset',
        of: ['ended-by=client-reset'],
        changes: [['closeWith: reset', 'closeWith: fin']],
        claims: ['After a reset the client has none'],
      },
    ],
  },
  {
    scenario: 'port-exhaustion',
    mutations: [
      {
        // 1500 are more than the 1040 connections of the trial.
        knob: 'a range of 1500 ports in place of 500',
        of: ['ports=never-again'],
        changes: [['40000 40499', '40000 41499']],
        claims: [
          'Where the client closes first, every port serves once in a minute',
          'Each of those connections is in TIME_WAIT on the client',
        ],
      },
    ],
  },
  {
    scenario: 'silent-middlebox',
    mutations: [
      {
        knob: 'the first probe comes after the middlebox has forgotten',
        of: ['network.middlebox.then=reset cure=tcp-keepalive-1s'],
        changes: [['keepAlive: 1s', 'keepAlive: 10s']],
        claims: ['With TCP keepalive no request fails (reset)'],
      },
    ],
  },
  {
    scenario: 'no-keepalive-server',
    mutations: [
      {
        knob: 'the program says HTTP/1.1 where it said 1.0, and 1.0 where it said 1.1',
        of: ['server.env.SAYS=old-open client=node-http', 'server.env.SAYS=nothing client=node-http'],
        files: {
          'no-keepalive-server/server.mjs': (program) => changed(program, [["'1.0' : '1.1'", "'1.1' : '1.0'"]]),
        },
        claims: [
          "An answer of HTTP/1.0 that says nothing ends the connection though the server holds it open, and Node's Agent closes it",
          "An answer of HTTP/1.1 that says nothing keeps it, so that Node's Agent uses one for all",
        ],
      },
    ],
  },
  {
    scenario: 'idle-race',
    mutations: [
      {
        knob: 'the server closes 100 ms later, and the requests are in time',
        of: ['client=node-http return=within'],
        changes: [['keepAliveTimeout: 300ms', 'keepAliveTimeout: 400ms']],
        claims: [
          'In the last round trip before the close every reuse by node:http fails',
          'node:http calls it ECONNRESET, as if a network had failed',
        ],
      },
      {
        knob: 'no retry',
        of: ['client=node-http-retry return=within'],
        changes: [['retry: reused-once', 'retry: none']],
        claims: [
          'One retry of a request that failed on a used connection hides all of it',
          'All ten were sent again to hide it',
        ],
      },
    ],
  },
  {
    scenario: 'proxy-mismatch',
    mutations: [
      {
        knob: 'the server keeps connections for longer than the proxy',
        of: ['timers=server-shorter method=POST'],
        changes: [['keepAliveTimeout: 500ms', 'keepAliveTimeout: 60s']],
        claims: [
          'A POST on its way to a connection that the server has closed is answered with 502',
          'The server has executed only the others, so that its log knows of nothing',
        ],
      },
      {
        knob: 'the proxy sends nothing again',
        of: ['timers=server-shorter method=GET'],
        changes: [['retry: reused-once', 'retry: none']],
        claims: [
          'A GET is not answered with 502',
          'Because the proxy sends it again on another connection, in a burst of retries',
          'Which the server executes once each',
        ],
      },
    ],
  },
  {
    scenario: 'connection-leak',
    mutations: [
      {
        knob: 'a pool of 20 in place of 10',
        of: ['program=forgets-pool-10'],
        changes: [['pool: { size: 10,', 'pool: { size: 20,']],
        claims: ['A pool of ten is gone after ten leaks'],
      },
    ],
  },
  {
    scenario: 'slowloris',
    // 400 ms without the attack and 600 ms with it: enough for a slow header to be cut after 200 to 250 ms.
    shorter: [['duration: 2300ms', 'duration: 1s']],
    mutations: [
      {
        knob: 'a tick of 50 ms in place of 30 s',
        of: ['limits=tick-30s'],
        changes: [['tick-30s: { server: { connectionsCheckingInterval: 30s } }', 'tick-30s: {}']],
        claims: ["With Node's tick of 30 s a limit of 200 ms cuts no slow header"],
        blocks: 6,
      },
    ],
  },
  {
    scenario: 'bad-framing',
    mutations: [
      {
        knob: 'the program tells the length as it is',
        of: ['response=wrong-length client=node-http'],
        changes: [['FRAMING: wrong-length', 'FRAMING: exact-length']],
        claims: [
          'To node-http a response that ends before its length is ECONNRESET',
          'node-http uses no connection again whose last response ended before its length',
        ],
      },
    ],
  },
];

/** Of the claims in question. */
async function outcomes(
  scenario: string,
  run: PartialRun,
  claims: readonly string[],
): Promise<Readonly<Record<string, Outcome>>> {
  const results = (await judged(scenario, run)).claims.filter(({ expectation }) => claims.includes(expectation.claim));
  return Object.fromEntries(results.map(({ expectation, outcome }) => [expectation.claim, outcome] as const));
}

const all = (claims: readonly string[], outcome: Outcome): Readonly<Record<string, Outcome>> =>
  Object.fromEntries(claims.map((claim) => [claim, outcome]));

describe.skipIf(!(await hasLab()))('claims depend on what they say', { timeout: 180_000 }, () => {
  test.each(catalogue)('$scenario', async ({ scenario, mutations, shorter = [] }) => {
    const claims = mutations.flatMap((mutation) => mutation.claims);
    const only = [...new Set(mutations.flatMap(({ of }) => of))];
    expect(await outcomes(scenario, { only, blocks: 2, changes: shorter }, claims)).toEqual(all(claims, 'confirmed'));
    for (const { knob, of, changes = [], files = {}, claims, blocks = 2 } of mutations) {
      const run = { only: of, blocks, changes: [...shorter, ...changes], files };
      expect(await outcomes(scenario, run, claims), knob).toEqual(all(claims, 'refuted'));
    }
  });
});
