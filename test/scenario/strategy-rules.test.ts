/** Rules of protocol, pipelining, encryption, early data and faults, and what becomes of them in a trial. */
import { describe, expect, it } from 'vitest';
import { http2Faults } from '../../src/server/faults.ts';
import { faultNames } from '../../src/scenario/config.ts';
import { http1Faults, timedFaults } from '../../src/scenario/fault-rules.ts';
import { bundledServer, problemsOf, scenarioOf } from './read.ts';

const messagesOf = (base: string): readonly string[] =>
  problemsOf(`name: x\nbase: { ${base} }`).map(({ path, message }) => `${path}: ${message}`);
const trialOf = (base: string): ReturnType<typeof scenarioOf>['variants'][number]['trial'] =>
  scenarioOf(`name: x\nbase: { ${base} }`).variants[0]!.trial;

const h2 = 'client: http2';

describe('protocol and pipelining', () => {
  it.each([
    [
      'pipelining in HTTP/1.0',
      'strategy: { protocol: http/1.0, pipelining: 4 }',
      'base.strategy.pipelining: 4 does not exist in HTTP/1.0: pipelining came with HTTP/1.1 (RFC 9112, 9.3.2)',
    ],
    [
      'pipelining over connections of one request',
      'strategy: { connection: close, pipelining: 4 }',
      'base.strategy.pipelining: 4 does not go with strategy.connection close, where a connection carries one request',
    ],
    [
      'the reference server over HTTP/2',
      `${h2}, server: { kind: reference }`,
      'base.server.kind: reference speaks HTTP/1 only, but strategy.protocol is h2; use kind node',
    ],
    [
      'chunks in HTTP/2',
      `${h2}, server: { response: { framing: chunked } }`,
      'base.server.response.framing: chunked does not exist in HTTP/2 (RFC 9113, 8.1); use framing length',
    ],
    [
      'a limit of requests in HTTP/2',
      `${h2}, server: { maxRequestsPerSocket: 5 }`,
      'base.server.maxRequestsPerSocket: is a setting of HTTP/1, which a server for strategy.protocol h2 does not have',
    ],
    [
      'half a range',
      'strategy: { pool: { maxRequests: { min: 5 } } }',
      'base.strategy.pool.maxRequests: needs max, too, such as { min: 80, max: 120 }',
    ],
    [
      'a range upside down',
      'strategy: { pool: { maxRequests: { min: 5, max: 4 } } }',
      'base.strategy.pool.maxRequests.min: min 5 is above max 4',
    ],
    [
      'a range of nothing',
      'strategy: { pool: { maxRequests: 0 } }',
      'base.strategy.pool.maxRequests: must be a whole number from 1 to 1000000000, unlimited, or { min: 80, max: 120 }, not 0',
    ],
    [
      'many addresses of this machine towards another one',
      'server: { kind: external, url: "http://10.1.2.3/" }, strategy: { tcp: { sourceAddresses: 4 } }',
      'base.strategy.tcp.sourceAddresses: 4 local addresses are those of loopback, from which 10.1.2.3 cannot be reached',
    ],
  ])('refuses %s', (_name, base, problem) => {
    expect(messagesOf(base)).toEqual([problem]);
  });

  it('resolves every new knob, and leaves out those that ask for nothing', () => {
    const { strategy } = trialOf(
      'strategy: { retry: reused-once, pipelining: 4, pool: { maxRequests: { min: 80, max: 121 }, maxLifetime: 60s, maxLifetimeJitter: 10%, validate: true }, tcp: { userTimeout: 5s, sourceAddresses: 4 } }',
    );
    expect(strategy).toMatchObject({
      retry: 'reused-once',
      pipelining: 4,
      pool: { maxRequests: 100.5, maxRequestsRange: { min: 80, max: 121 }, maxLifetimeJitter: 0.1, validate: true },
      tcp: { userTimeoutMs: 5000, sourceAddresses: 4 },
    });
    const neutral =
      'strategy: { retry: none, pipelining: 1, tls: off, pool: { maxRequests: { min: 7, max: 7 }, maxLifetimeJitter: 0%, validate: false }, tcp: { userTimeout: default, sourceAddresses: 1 } }, server: { faults: [], tls: {}, http2: {} }';
    const plain = 'strategy: { pool: { maxRequests: 7 } }';
    expect(trialOf(neutral)).toEqual(trialOf(plain));
  });
});

describe('encryption', () => {
  it('is off, on, or a map; the server has its part exactly then', () => {
    const tls = (base: string): readonly unknown[] => {
      const { strategy, server } = trialOf(base);
      return [strategy.tls, 'tls' in server ? server.tls : undefined];
    };
    const details = { sessionTickets: true, earlyDataBytes: 0, certificate: 'ecdsa' };
    expect(tls('server: { tls: { certificate: rsa } }')).toEqual([undefined, undefined]);
    expect(tls('strategy: { tls: on }')).toEqual([{ version: '1.3', resumption: 'session' }, details]);
    expect(
      tls(
        'strategy: { tls: { version: 1.2, resumption: none } }, server: { tls: { certificate: rsa, sessionTickets: false } }',
      ),
    ).toEqual([
      { version: '1.2', resumption: 'none' },
      { sessionTickets: false, earlyDataBytes: 0, certificate: 'rsa' },
    ]);
    expect(bundledServer(trialOf(h2)).http2).toEqual({ maxConcurrentStreams: 100 });
    expect(bundledServer(trialOf('client: node-http')).http2).toBeUndefined();
  });

  it('may be an axis, by on and off, by version and by resumption', () => {
    const seen = (axes: string): readonly unknown[] =>
      scenarioOf(`name: x\nbase: { strategy: { tls: { version: 1.2 } } }\naxes: { ${axes} }`).variants.map(
        ({ trial }) => trial.strategy.tls,
      );
    expect(seen('strategy.tls: [off, on]')).toEqual([undefined, { version: '1.2', resumption: 'session' }]);
    expect(seen('strategy.tls.version: [1.2, 1.3]')).toEqual([
      { version: '1.2', resumption: 'session' },
      { version: '1.3', resumption: 'session' },
    ]);
    expect(seen('strategy.tls.resumption: [none]')).toEqual([{ version: '1.2', resumption: 'none' }]);
  });

  it('takes early data where a server takes it, or says that it does not', () => {
    const early = 'strategy: { tls: { resumption: early-data } }';
    expect(bundledServer(trialOf(`${early}, server: { kind: reference, tls: { earlyData: 16kB } }`)).tls).toMatchObject(
      {
        earlyDataBytes: 16_000,
      },
    );
    expect(messagesOf(`${early}, server: { tls: { earlyData: off } }`)).toEqual([]);
    expect(messagesOf(`${early}, load: { request: { method: HEAD } }, server: { tls: { earlyData: off } }`)).toEqual(
      [],
    );
  });

  const early = 'strategy: { tls: { resumption: early-data } }';
  const taking = 'server: { kind: reference, tls: { earlyData: 16kB } }';
  it.each([
    [
      'early data that nobody takes',
      early,
      'base.strategy.tls.resumption: early-data needs a server that takes it: server.kind reference with server.tls.earlyData, such as 16kB; write earlyData: off to see it refused',
    ],
    [
      'early data on a server of Node',
      'strategy: { tls: on }, server: { tls: { earlyData: 16kB } }',
      "base.server.tls.earlyData: is not possible with server.kind node: Node's TLS has no call for early data; use kind reference",
    ],
    [
      'early data in TLS 1.2',
      `strategy: { tls: { version: 1.2, resumption: early-data } }, ${taking}`,
      'base.strategy.tls.resumption: early-data needs version 1.3 (RFC 8446, 2.3); it is 1.2',
    ],
    [
      'a POST in early data',
      `${early}, ${taking}, load: { requests: [{ path: / }, { method: POST }] }`,
      'base.strategy.tls.resumption: early-data is for GET and HEAD (RFC 8470, 4), but a request is POST',
    ],
    [
      'another version',
      'strategy: { tls: { version: 1.1 } }',
      'base.strategy.tls.version: must be 1.2 or 1.3, not 1.1',
    ],
    [
      'another word',
      'strategy: { tls: yes }',
      'base.strategy.tls: must be off, on, or a map such as { version: 1.3 }, not "yes"',
    ],
    [
      'http where there is TLS',
      'strategy: { tls: on }, server: { kind: external, url: "http://127.0.0.1/" }',
      'base.server.url: begins with http, but strategy.tls is on; write https',
    ],
    [
      'a ready path in clear text',
      'strategy: { tls: on }, server: { kind: command, command: a, readyPath: /up }',
      'base.server.readyPath: is asked for in clear text, which a server with strategy.tls does not answer; use none',
    ],
    [
      'certificates without TLS',
      'server: { kind: command, command: a, ca: ca.pem }',
      'base.server.ca: verifies a certificate, but strategy.tls is off, so that there is none',
    ],
    [
      'certificates of a bundled server',
      'server: { ca: ca.pem }',
      'base.server.ca: is for server.kind command and external, but the kind is node',
    ],
  ])('refuses %s', (_name, base, problem) => {
    expect(messagesOf(base)).toEqual([problem]);
  });

  it('goes to a server elsewhere by https', () => {
    expect(trialOf('strategy: { tls: on }, server: { kind: external, url: "https://127.0.0.1/" }').server).toEqual({
      kind: 'external',
      host: '127.0.0.1',
      port: 443,
    });
  });
});

describe('faults', () => {
  it('resolves a list', () => {
    const faults = '[{ fault: reset-before, probability: 1% }, { fault: slow-drip, probability: 99%, duration: 2s }]';
    expect(bundledServer(trialOf(`server: { faults: ${faults} }`)).faults).toEqual([
      { fault: 'reset-before', probability: 0.01 },
      { fault: 'slow-drip', probability: 0.99, durationMs: 2000 },
    ]);
  });

  it.each(faultNames)('%s runs with both kinds of server, with a duration where it has one', (fault) => {
    const duration = timedFaults[fault] === undefined ? '' : ', duration: 2s';
    for (const kind of ['node', 'reference']) {
      const faults = `[{ fault: ${fault}, probability: 100%${duration} }]`;
      expect(messagesOf(`server: { kind: ${kind}, faults: ${faults} }`)).toEqual([]);
    }
  });

  it('knows in HTTP/2 those that the server knows there', () => {
    expect(faultNames.filter((fault) => !http1Faults.includes(fault))).toEqual(
      faultNames.filter((fault) => http2Faults.includes(fault)),
    );
    expect(
      messagesOf(
        `${h2}, server: { faults: [{ fault: reset-before, probability: 1% }, { fault: no-length, probability: 1% }] }`,
      ),
    ).toEqual(['base.server.faults: [1] no-length is a fault of HTTP/1 and has no like with strategy.protocol h2']);
  });

  it.each([
    [
      'more than all requests',
      '[{ fault: stall, probability: 60% }, { fault: reset-after, probability: 40.5% }]',
      ': add up to 100.5%; a request meets at most one, so that 100% is the most',
    ],
    [
      'no time where one is needed',
      '[{ fault: late-fin, probability: 1% }]',
      ': [0] late-fin needs a duration, such as 2s: how late the FIN is',
    ],
    [
      'a time without meaning',
      '[{ fault: stall, probability: 1%, duration: 2s }]',
      ': [0] stall takes no duration; those that do are slow-drip, late-fin, hint-lies',
    ],
    ['no share', '[{ fault: stall }]', '[0].probability: is missing'],
    ['a map', '{ fault: stall }', ': must be a list, not {fault: stall}'],
    [
      'a fault that is none',
      '[{ fault: stal, probability: 1% }]',
      `[0].fault: must be ${faultNames.slice(0, -1).join(', ')} or hint-lies, not "stal"`,
    ],
  ])('refuses %s', (_name, faults, problem) => {
    expect(messagesOf(`server: { faults: ${faults} }`)).toEqual([`base.server.faults${problem}`]);
  });

  it('takes shares that add up to all, whatever their binary fractions', () => {
    const tenths = Array.from({ length: 10 }, () => '{ fault: stall, probability: 10% }').join(', ');
    expect(messagesOf(`server: { faults: [${tenths}] }`)).toEqual([]);
  });

  it('refuses them of a server that is not connbench own', () => {
    const faults = 'faults: [{ fault: stall, probability: 1% }]';
    expect(messagesOf(`server: { kind: command, command: a, ${faults} }`)).toEqual([
      'base.server.faults: is for server.kind node and reference, but the kind is command',
    ]);
  });
});
