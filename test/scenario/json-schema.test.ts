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
    expect(JSON.stringify(at(schema, 'properties', 'axes'))).not.toContain('"default":');
    expect(schema).toMatchObject({ title: 'connbench scenario', required: ['name'], additionalProperties: false });
  });
});
