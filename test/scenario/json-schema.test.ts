import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { listShipped } from '../../src/scenario/file.ts';
import { scenarioJsonSchema } from '../../src/scenario/json-schema.ts';

type Json = Record<string, unknown>;
function at(schema: unknown, ...path: readonly string[]): Json {
  return path.reduce((inner, key) => (inner as Json)[key], schema) as Json;
}

/** The schema read back into a validator, independent of the one it was made from. */
const validator = z.fromJSONSchema(scenarioJsonSchema());
const accepts = (text: string): boolean => validator.safeParse(parse(text)).success;

describe('JSON Schema of scenarios', () => {
  it('accepts every shipped scenario', async () => {
    for (const { path } of await listShipped()) {
      const result = validator.safeParse(parse(await readFile(path, 'utf8')));
      expect(result.error?.issues ?? []).toEqual([]);
    }
  });

  it.each([
    ['an unknown key', 'name: x\nbase: { stratgy: {} }'],
    ['a missing unit', 'name: x\nbase: { load: { warmUp: 1 } }'],
    ['a wrong unit', 'name: x\nbase: { load: { warmUp: 1kB } }'],
    ['an unknown word', 'name: x\nbase: { strategy: { connection: closed } }'],
    ['no name', 'blocks: 1'],
    ['a link without units', 'name: x\nbase: { network: { rtt: 5 } }'],
    ['a misspelt sysctl', 'name: x\nbase: { network: { sysctls: { client: { tcp_tw_reuses: 1 } } } }'],
    ['a misspelt middlebox', 'name: x\nbase: { network: { middlebox: { then: dorp } } }'],
    ['a gate without a unit', 'name: x\ngates: [{ metric: p99, margin: 10 }]'],
    ['a gate without a margin', 'name: x\ngates: [{ metric: p99 }]'],
    ['a client that is none', 'name: x\nbase: { client: axios }'],
    ['a client without a version in full', 'name: x\nbase: { client: { name: undici, version: 6.26 } }'],
    ['an option that is a list', 'name: x\nbase: { client: { name: undici, options: { a: [1] } } }'],
    ['TLS 1.1', 'name: x\nbase: { strategy: { tls: { version: 1.1 } } }'],
    ['a fault without a share', 'name: x\nbase: { server: { faults: [{ fault: stall }] } }'],
    ['a fault that is none', 'name: x\nbase: { server: { faults: [{ fault: stal, probability: 1% }] } }'],
    ['a range of text', 'name: x\nbase: { strategy: { pool: { maxRequests: { min: a } } } }'],
    ['a command that is a number', 'name: x\nbase: { server: { kind: command, command: 5 } }'],
  ])('refuses %s', (_name, text) => {
    expect(accepts(text)).toBe(false);
  });

  it.each([
    ['words in place of quantities', 'name: x\nbase: { strategy: { pool: { idleTimeout: unlimited } } }'],
    ['named patches', 'name: x\naxes: { s: { a: { strategy: { connection: close } }, b: {} } }'],
    ['a command in one line', 'name: x\nbase: { server: { kind: command, command: node a.mjs, env: { A: 1 } } }'],
    ['sysctls by both names', 'name: x\nbase: { network: { sysctls: { client: { somaxconn: 1, net.core.x: a } } } }'],
    ['gates', 'name: x\ngates: [{ metric: p99, margin: 10% }, { metric: errors, margin: 0% }]'],
    ['a client by name', 'name: x\nbase: { client: agentkeepalive }'],
    [
      'a client with all that may be said of it',
      'name: x\nbase: { client: { name: undici, version: 6.26.0, modules: ./libs, runtime: /n, options: { a: 1, b: null, c: x } } }',
    ],
    ['clients as an axis', 'name: x\naxes: { client: [node-http, fetch] }'],
    ['TLS by versions, text or numbers', 'name: x\naxes: { strategy.tls.version: [1.2, "1.3"] }'],
    ['TLS with its defaults', 'name: x\nbase: { strategy: { tls: on }, server: { tls: { earlyData: 16kB } } }'],
    ['TLS in a map', 'name: x\nbase: { strategy: { tls: { version: 1.3, resumption: early-data } } }'],
    ['a range', 'name: x\nbase: { strategy: { pool: { maxRequests: { min: 80, max: 120 } } } }'],
    ['faults', 'name: x\nbase: { server: { faults: [{ fault: late-fin, probability: 1%, duration: 2s }] } }'],
    ['values of a path', 'name: x\naxes: { strategy.pool.size: [1, 8] }'],
  ])('accepts %s', (_name, text) => {
    expect(accepts(text)).toBe(true);
  });

  it('says the defaults of base, and none in patches', () => {
    const schema = scenarioJsonSchema();
    const base = at(schema, 'properties', 'base', 'properties');
    expect(at(base, 'strategy', 'properties', 'pool', 'properties', 'idleTimeout')).toMatchObject({
      type: 'string',
      default: '4s',
      description: 'How long an unused connection is kept.',
    });
    expect(at(base, 'load', 'properties', 'users')).toMatchObject({ default: 50, minimum: 1, maximum: 1_000_000 });
    expect(at(base, 'network', 'properties')).toMatchObject({
      mode: { enum: ['lab', 'host', 'auto'], default: 'auto' },
      queue: { default: '256kB' },
      middlebox: { default: 'off' },
    });
    expect(at(base, 'server', 'properties', 'readyTimeout')).toMatchObject({ default: '10s' });
    expect(at(base, 'strategy', 'properties')).toMatchObject({
      tls: { default: 'off' },
      retry: { enum: ['none', 'reused-once', 'always-once'], default: 'none' },
      pool: { properties: { maxRequests: { default: 'unlimited' }, validate: { default: false } } },
      tcp: { properties: { userTimeout: { default: 'default' }, sourceAddresses: { default: 1, minimum: 1 } } },
    });
    expect(at(base, 'client')).toMatchObject({ default: 'reference' });
    expect(at(base, 'server', 'properties')).toMatchObject({
      faults: { default: [] },
      tls: { properties: { earlyData: { default: 'off' }, certificate: { enum: ['ecdsa', 'rsa'] } } },
      http2: { properties: { maxConcurrentStreams: { default: 100 } } },
    });
    expect(JSON.stringify(at(schema, 'properties', 'axes'))).not.toContain('"default":');
    expect(schema).toMatchObject({ title: 'connbench scenario', required: ['name'], additionalProperties: false });
  });
});
