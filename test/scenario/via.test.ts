/** The programs on the way: their defaults, their rules, and what becomes of them in a trial. */
import { describe, expect, it } from 'vitest';
import { scenarioJsonSchema } from '../../src/scenario/json-schema.ts';
import { problemsOf, scenarioOf } from './read.ts';

const messagesOf = (base: string): readonly string[] =>
  problemsOf(`name: x\nbase: { ${base} }`).map(({ path, message }) => `${path}: ${message}`);
const trialOf = (base: string): ReturnType<typeof scenarioOf>['variants'][number]['trial'] =>
  scenarioOf(`name: x\nbase: { ${base} }`).variants[0]!.trial;

const defaults = {
  host: 'server',
  keepAliveTimeoutMs: 60_000,
  maxRequests: Infinity,
  upstream: {
    connection: 'keep-alive',
    pool: { size: 32, idleTimeoutMs: 60_000, maxRequests: Infinity },
    retry: 'none',
    timeouts: { connectMs: 1_000, responseMs: 10_000 },
  },
};

describe('via', () => {
  it('is absent from a trial without programs on the way', () => {
    expect('via' in trialOf('via: []')).toBe(false);
    expect('via' in trialOf('load: { duration: 1s }')).toBe(false);
  });

  it('fills in what is left out, for kinds that have knobs', () => {
    expect(trialOf('via: [{ kind: reverse-proxy }, { kind: blind-relay, host: server }, { kind: nginx }]').via).toEqual(
      [
        { kind: 'reverse-proxy', ...defaults },
        { kind: 'blind-relay', host: 'server' },
        { kind: 'nginx', ...defaults },
      ],
    );
    expect(trialOf('via: [{ kind: haproxy }]').via).toEqual([
      {
        kind: 'haproxy',
        ...defaults,
        upstream: { ...defaults.upstream, pool: { ...defaults.upstream.pool, idleTimeoutMs: Infinity } },
      },
    ]);
  });

  it('reads every knob', () => {
    const text = `via: [{ kind: reverse-proxy, host: client, keepAliveTimeout: never, maxRequests: 1000, upstream: {
      connection: close, pool: { size: 0, idleTimeout: 5s, maxRequests: 7 }, retry: always-once, timeouts: { connect: 2s, response: 3s } } }]`;
    const trial = trialOf(text);
    expect(trial.via).toEqual([
      {
        kind: 'reverse-proxy',
        host: 'client',
        keepAliveTimeoutMs: Infinity,
        maxRequests: 1000,
        upstream: {
          connection: 'close',
          pool: { size: 0, idleTimeoutMs: 5_000, maxRequests: 7 },
          retry: 'always-once',
          timeouts: { connectMs: 2_000, responseMs: 3_000 },
        },
      },
    ]);
    // A program on the client's host needs hosts.
    expect(trial.network.mode).toBe('lab');
    expect(trialOf('via: [{ kind: nginx }]').network.mode).toBe('auto');
  });

  it('can be an axis of its own', () => {
    const { variants } = scenarioOf(
      'name: x\naxes: { way: { none: { via: [] }, proxy: { via: [{ kind: reverse-proxy }] } } }',
    );
    expect(variants.map(({ trial }) => trial.via?.length ?? 0)).toEqual([0, 1]);
  });

  it.each([
    [
      'tls',
      'strategy: { tls: on }, via: [{ kind: nginx }]',
      'base.via: does not go with strategy.tls: the programs on the way read and write clear text, and encrypt to no one',
    ],
    [
      'h2',
      'client: http2, via: [{ kind: reverse-proxy }]',
      'base.via: does not go with strategy.protocol h2: the programs on the way speak HTTP/1 on both sides',
    ],
    [
      'a relay with a knob',
      'via: [{ kind: nginx }, { kind: blind-relay, keepAliveTimeout: 5s }]',
      'base.via[1].keepAliveTimeout: is for kind reverse-proxy, nginx and haproxy, but the kind is blind-relay, which has no such knob',
    ],
    [
      'a host without a lab',
      'network: { mode: host }, via: [{ kind: blind-relay, host: client }]',
      'base.via[0].host: client needs a lab, but network.mode is host',
    ],
    [
      'a way that leads back',
      'via: [{ kind: nginx }, { kind: blind-relay, host: client }]',
      'base.via[1].host: client comes after a program on the host of the server, so that the way would lead back',
    ],
    [
      'retries that nginx does not have',
      'via: [{ kind: nginx, upstream: { retry: always-once } }]',
      'base.via[0].upstream.retry: is not possible with kind nginx: it does not try its only server again after a failure of a new connection (none and reused-once are)',
    ],
    [
      'retries that HAProxy does not have',
      'via: [{ kind: haproxy, upstream: { retry: reused-once } }]',
      'base.via[0].upstream.retry: is not possible with kind haproxy: its retries do not ask whether a connection was reused (none and always-once are)',
    ],
    [
      'an idle timeout that HAProxy does not have',
      'via: [{ kind: haproxy, upstream: { pool: { idleTimeout: 5s } } }]',
      'base.via[0].upstream.pool.idleTimeout: is not possible with kind haproxy: it closes half of its unused connections at a time (pool-purge-delay), none after its own time; unlimited is',
    ],
    [
      'a limit that HAProxy does not have',
      'via: [{ kind: haproxy, maxRequests: 5 }]',
      'base.via[0].maxRequests: is not possible with kind haproxy: it has no limit of requests for the connections of clients; unlimited is',
    ],
    [
      'a host of the client without a lab, of a server that runs elsewhere',
      'server: { kind: external, url: "http://127.0.0.1:8080/" }, via: [{ kind: blind-relay, host: client }]',
      'base.via[0].host: client needs a lab, but server.kind external runs in host mode',
    ],
    [
      'a client whose connections nobody counts',
      'client: autocannon, via: [{ kind: reverse-proxy }]',
      'base.via: is not possible with client autocannon: it counts no connections, so that nothing could be compared along the way',
    ],
    ['no kind', 'via: [{ host: server }]', 'base.via[0].kind: is missing'],
  ])('refuses %s', (_, base, message) => {
    expect(messagesOf(base)).toEqual([message]);
  });

  it('is in the JSON Schema, with the kinds as words', () => {
    const { properties } = scenarioJsonSchema() as unknown as {
      properties: {
        base: { properties: { via: { items: { properties: { kind: { enum: string[] } } }; default: unknown } } };
      };
    };
    const { items, default: nothing } = properties.base.properties.via;
    expect(items.properties.kind.enum).toEqual([
      'reverse-proxy',
      'blind-relay',
      'proxy-aware-relay',
      'nginx',
      'haproxy',
    ]);
    expect(nothing).toEqual([]);
  });
});
