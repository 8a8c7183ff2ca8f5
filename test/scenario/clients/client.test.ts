/** The key `client`: a name or a map, in base, axes and settings; its options, its package, its Node. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { parseScenario } from '../../../src/scenario/parse.ts';
import { packageFolder } from '../../../src/scenario/setup-files.ts';
import { brief, briefsOf, scenarioOf } from '../read.ts';

const clientsOf = (text: string, set: readonly string[] = []): readonly unknown[] =>
  scenarioOf(text, set).variants.map(({ trial: { client, clientSetup } }) => [client, clientSetup]);

describe('client', () => {
  it('is a name, or a map that may say no more', () => {
    for (const client of ['undici', '{ name: undici }', '{ name: undici, options: {} }']) {
      const { trial, config } = scenarioOf(`name: x\nbase: { client: ${client} }`).variants[0]!;
      expect([trial.client, trial.clientSetup, config.client]).toEqual(['undici', undefined, 'undici']);
    }
  });

  it('keeps the map in the configuration, so that it can be pasted back', () => {
    const text = 'name: x\nbase: { client: { name: undici, options: { bodyTimeout: 5, maxRequestsPerClient: 9 } } }';
    const { variants } = scenarioOf(text);
    expect(variants[0]?.config.client).toEqual({
      name: 'undici',
      options: { bodyTimeout: 5, maxRequestsPerClient: 9 },
    });
    expect(scenarioOf(stringify({ name: 'x', base: variants[0]?.config })).variants).toEqual(variants);
  });

  it('may be an axis over a map: version and options stay with the client that they are of', () => {
    const text = `name: x
base: { client: { name: undici, options: { bodyTimeout: 5 } } }
axes: { client: [undici, node-http] }
`;
    expect(clientsOf(text)).toEqual([
      ['undici', { options: { bodyTimeout: 5 } }],
      ['node-http', undefined],
    ]);
    expect(clientsOf(stringify(scenarioOf(text).document))).toEqual(clientsOf(text));
  });

  it('may be patched by an axis, and by the command line, over a name', () => {
    const axis = 'name: x\nbase: { client: undici }\naxes: { client.options.bodyTimeout: [1, 2] }';
    expect(clientsOf(axis)).toEqual([
      ['undici', { options: { bodyTimeout: 1 } }],
      ['undici', { options: { bodyTimeout: 2 } }],
    ]);
    expect(clientsOf('name: x\nbase: { client: undici }', ['client.options.bodyTimeout=3'])).toEqual([
      ['undici', { options: { bodyTimeout: 3 } }],
    ]);
  });

  it('reference does not pipeline where the pool is never full', () => {
    const strategy = (more: string): string => `name: x\nbase: { strategy: { pipelining: 4${more} } }`;
    expect(briefsOf(strategy(''))).toEqual([]);
    expect(briefsOf(strategy(', pool: { size: unlimited }'))).toEqual([
      expect.stringContaining('4 is not possible with client reference and pool.size unlimited'),
    ]);
  });

  it('is part of named patches', () => {
    const text = `name: x
axes:
  who:
    plain: { client: node-http }
    tuned: { client: { name: node-http, options: { maxTotalSockets: 9 } } }
`;
    expect(clientsOf(text)).toEqual([
      ['node-http', undefined],
      ['node-http', { options: { maxTotalSockets: 9 } }],
    ]);
  });

  it('writes a document that can be read again, where clients with other defaults are an axis', () => {
    const text =
      'name: x\naxes: { client: [reference, fetch, node-http, autocannon], strategy.connection: [close, keep-alive] }';
    const { document, variants } = scenarioOf(text);
    expect(scenarioOf(stringify(document)).variants).toEqual(variants);
  });

  it.each<[name: string, client: string, problem: string]>([
    [
      'another name',
      'undci',
      '2:9 base.client: must be reference, node-http, fetch, undici, agentkeepalive, http2, autocannon, or { name: ..., version: ... }, not "undci"',
    ],
    [
      'another name in a map',
      '{ name: undci }',
      '2:19 base.client.name: must be reference, node-http, fetch, undici, agentkeepalive, http2 or autocannon, not "undci" [undici]',
    ],
    [
      'another key',
      '{ name: undici, verison: 1.2.3 }',
      '2:33 base.client.verison: is not a known key; known here: name, version, modules, runtime, options [version]',
    ],
    [
      'a version of a part of Node',
      '{ name: fetch, version: 6.26.0 }',
      '2:32 base.client.version: is for the clients that are packages (undici, agentkeepalive, autocannon), and fetch is part of Node; client.runtime says of which',
    ],
    [
      'modules of a part of connbench',
      '{ name: reference, modules: ./libs }',
      '2:36 base.client.modules: is for the clients that are packages (undici, agentkeepalive, autocannon), and reference is part of connbench',
    ],
    [
      'a version that is a number',
      '{ name: undici, version: 6.26 }',
      '2:33 base.client.version: must be an exact version such as 6.26.0, not 6.26',
    ],
    [
      'a range of versions',
      '{ name: undici, version: ^6.0.0 }',
      '2:33 base.client.version: must be an exact version such as 6.26.0, not "^6.0.0"',
    ],
    [
      'a misspelt option',
      '{ name: undici, options: { keepAliveMaxTimout: 5 } }',
      '2:44 base.client.options.keepAliveMaxTimout: is not an option of client undici, which takes dispatcher, keepAliveMaxTimeout, keepAliveTimeoutThreshold, headersTimeout, bodyTimeout, maxRetries, minTimeout, connections, pipelining, keepAliveTimeout, maxRequestsPerClient, clientTtl, connectTimeout; did you mean "keepAliveMaxTimeout"?',
    ],
    [
      'an option of a client without any',
      '{ name: fetch, options: { dispatcher: Pool } }',
      '2:43 base.client.options.dispatcher: is not an option: client fetch has none',
    ],
    [
      'an option that JavaScript knows',
      '{ name: http2, options: { constructor: 1 } }',
      '2:43 base.client.options.constructor: is not an option: client http2 has none',
    ],
    [
      'an option of another type',
      '{ name: undici, options: { bodyTimeout: 5s } }',
      '2:44 base.client.options.bodyTimeout: must be a whole number from 0 to 86400000, not "5s"',
    ],
    [
      'another word',
      '{ name: undici, options: { dispatcher: Client } }',
      '2:44 base.client.options.dispatcher: must be Pool or Agent, not "Client"',
    ],
    [
      'a map as an option',
      '{ name: undici, options: { bodyTimeout: { a: 1 } } }',
      '2:44 base.client.options.bodyTimeout: must be a single value, not {a: 1}',
    ],
    [
      'an option that pollutes',
      '{ name: undici, options: { __proto__: 1 } }',
      '2:44 base.client.options.__proto__: is not a possible key',
    ],
    [
      'a name of an option that steers a terminal',
      '{ name: undici, options: { "\\u001b[31m": 1 } }',
      '2:44 base.client.options."\\u{1b}[31m": must be the name of an option: letters and digits, not "\\u{1b}[31m"',
    ],
  ])('refuses %s', (_name, client, problem) => {
    expect(briefsOf(`name: x\nbase: { client: ${client} }`)).toEqual([problem]);
  });
});

describe('options that are knobs by another name', () => {
  it.each<[client: string, options: string, strategy: object]>([
    ['undici', '{ maxRequestsPerClient: 100 }', { pool: { maxRequests: 101 } }],
    ['undici', '{ maxRequestsPerClient: null }', { pool: { maxRequests: Infinity } }],
    [
      'undici',
      '{ connections: 3, keepAliveTimeout: 1500, pipelining: 2 }',
      { pool: { size: 3, idleTimeoutMs: 1500 }, pipelining: 2 },
    ],
    ['undici', '{ connections: null }', { pool: { size: Infinity } }],
    [
      'node-http',
      '{ maxSockets: 3, scheduling: fifo, timeout: 0 }',
      { pool: { size: 3, order: 'fifo', idleTimeoutMs: Infinity }, honourHint: false },
    ],
    [
      'agentkeepalive',
      '{ socketActiveTTL: 60000, freeSocketTimeout: 900 }',
      { pool: { maxLifetimeMs: 60_000, idleTimeoutMs: 900 } },
    ],
    ['autocannon', '{ reconnectRate: 1 }', { pool: { maxRequests: 1 } }],
  ])('%s %s', (client, options, strategy) => {
    const { trial } = scenarioOf(`name: x\nbase: { client: { name: ${client}, options: ${options} } }`).variants[0]!;
    expect(trial.strategy).toMatchObject(strategy);
    expect(trial.clientSetup).toBeUndefined();
  });

  it('may stand beside the knob with the same value', () => {
    const client = '{ name: undici, options: { connections: 3 } }';
    expect(briefsOf(`name: x\nbase: { client: ${client}, strategy: { pool: { size: 3 } } }`)).toEqual([]);
  });

  it.each([
    [
      'another value of the knob',
      '{ connections: 3 }',
      ', strategy: { pool: { size: 4 } }',
      'connections: is strategy.pool.size 3 by another name, but that is 4; give one of them',
    ],
    [
      'more than the knob takes',
      '{ connections: 1000001 }',
      '',
      'connections: is strategy.pool.size, which must be a whole number from 1 to 1000000, or unlimited, not 1000001',
    ],
    [
      'longer than the knob takes',
      '{ clientTtl: 86400001 }',
      '',
      'clientTtl: is strategy.pool.maxLifetime, which must be at most 24h, not 86400001ms: a day is the longest time that connbench counts',
    ],
    ['text', '{ connections: many }', '', 'connections: must be a whole number from 1, or null, not "many"'],
    [
      'a fraction',
      '{ keepAliveTimeout: 0.5 }',
      '',
      'keepAliveTimeout: must be a whole number of milliseconds from 1, not 0.5',
    ],
    ['null where it means nothing', '{ pipelining: null }', '', 'pipelining: must be a whole number from 1, not null'],
  ])('refuses %s', (_name, options, more, problem) => {
    const text = `name: x\nbase: { client: { name: undici, options: ${options} }${more} }`;
    expect(briefsOf(text)).toEqual([`2:44 base.client.options.${problem}`]);
  });
});

describe('what has to be on the disk', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'connbench-client-'));
    const put = (name: string, text: string): void => {
      mkdirSync(join(folder, 'libs/node_modules', name), { recursive: true });
      writeFileSync(join(folder, 'libs/node_modules', name, 'package.json'), text);
    };
    put('undici', '{ "name": "undici", "version": "6.26.0" }');
    put('agentkeepalive', '{ "name": "agentkeepalive" }');
    put('autocannon', '{');
    mkdirSync(join(folder, 'libs/inner'), { recursive: true });
    writeFileSync(join(folder, 'node'), '');
    symlinkSync(process.execPath, join(folder, 'good-node'));
    chmodSync(join(folder, 'node'), 0o644);
    writeFileSync(join(folder, 'ca.pem'), 'no certificate');
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const problemsIn = (base: string): readonly string[] => {
    const parsed = parseScenario(`name: x\nbase: { ${base} }`, { file: join(folder, 'test.yaml') });
    return parsed.ok ? [] : parsed.problems.map(brief);
  };

  it('takes a package in its version, relative to the scenario, and a Node', () => {
    const client = '{ name: undici, version: 6.26.0, modules: ./libs, runtime: good-node }';
    const parsed = parseScenario(`name: x\nbase: { client: ${client} }`, { file: join(folder, 'test.yaml') });
    expect(parsed.ok && parsed.scenario.variants[0]?.trial.clientSetup).toEqual({
      version: '6.26.0',
      modules: join(folder, 'libs'),
      runtime: join(folder, 'good-node'),
    });
    expect(packageFolder(join(folder, 'libs'), 'undici')).toBe(join(folder, 'libs/node_modules/undici'));
  });

  it('takes any version where none is asked for, of its own packages as well', () => {
    expect(problemsIn('client: { name: undici, modules: libs }')).toEqual([]);
    expect(problemsIn('client: autocannon')).toEqual([]);
  });

  it.each([
    [
      'another version',
      'client: { name: undici, version: 7.0.0, modules: libs }',
      '2:33 base.client.version: "libs" has undici 6.26.0, not 7.0.0; npm install --prefix "libs" undici@7.0.0',
    ],
    [
      'a folder below one that has the package',
      'client: { name: undici, version: 6.26.0, modules: libs/inner }',
      '2:50 base.client.modules: "libs/inner" has no node_modules/undici; npm install --prefix "libs/inner" undici@6.26.0',
    ],
    [
      'no folder',
      'client: { name: undici, modules: lib }',
      '2:33 base.client.modules: "lib" is not a folder; npm install --prefix "lib" undici@latest',
    ],
    [
      'a package without a version',
      'client: { name: agentkeepalive, modules: libs }',
      '2:41 base.client.modules: "libs" has a package agentkeepalive without a version; npm install --prefix "libs" agentkeepalive@latest',
    ],
    [
      'a package that is no JSON',
      'client: { name: autocannon, modules: libs }',
      expect.stringMatching(/^2:37 base\.client\.modules: "libs" has a package autocannon that cannot be read: /),
    ],
    [
      'a version that connbench has not',
      'client: { name: undici, version: 1.2.3 }',
      expect.stringMatching(
        /^2:33 base\.client\.version: connbench's own undici is \d+\.\d+\.\d+; npm install --prefix FOLDER undici@1\.2\.3, and give client\.modules FOLDER$/,
      ),
    ],
    ['no Node', 'client: { name: fetch, runtime: nod }', '2:32 base.client.runtime: "nod" is not there'],
    ['a folder as Node', 'client: { name: fetch, runtime: libs }', '2:32 base.client.runtime: "libs" is not a file'],
    [
      'a Node that cannot be run',
      'client: { name: fetch, runtime: node }',
      '2:32 base.client.runtime: "node" may not be read or executed',
    ],
    [
      'no certificate',
      'strategy: { tls: on }, server: { kind: command, command: a, ca: ca.pem }',
      '2:69 base.server.ca: "ca.pem" holds no certificate in PEM form',
    ],
    [
      'no file of certificates',
      'strategy: { tls: on }, server: { kind: command, command: a, ca: none.pem }',
      '2:69 base.server.ca: "none.pem" is not there',
    ],
  ])('refuses %s', (_name, base, problem) => {
    expect(problemsIn(base)).toEqual([problem]);
  });

  it('looks at a folder once, however many variants there are', () => {
    let looks = 0;
    const files = {
      packageVersion: () => {
        looks++;
        return { ok: true, value: '6.26.0' } as const;
      },
      programProblem: () => {
        looks++;
        return null;
      },
      certificatesProblem: () => null,
    };
    const text = `name: x
base: { client: { name: undici, modules: libs, runtime: node } }
axes: { strategy.pool.size: [1, 2, 3, 4, 5, 6, 7, 8] }
`;
    expect(parseScenario(text, { file: 'test.yaml', files }).ok).toBe(true);
    expect(looks).toBe(2);
  });
});
