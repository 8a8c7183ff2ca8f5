/** Attackers in the scenario format: their defaults, and what they do not go with. */
import { describe, expect, it } from 'vitest';
import { scenarioJsonSchema } from '../../src/scenario/json-schema.ts';
import { problemsOf, scenarioOf } from './read.ts';

const messagesOf = (base: string): readonly string[] =>
  problemsOf(`name: x\nbase: { ${base} }`).map(({ path, message }) => `${path}: ${message}`);
const trialOf = (base: string): ReturnType<typeof scenarioOf>['variants'][number]['trial'] =>
  scenarioOf(`name: x\nbase: { ${base} }`).variants[0]!.trial;

describe('attackers', () => {
  it('are absent from a trial without any', () => {
    expect('attackers' in trialOf('attackers: []')).toBe(false);
    expect('attackers' in trialOf('load: { duration: 1s }')).toBe(false);
  });

  it('have defaults', () => {
    const trial = trialOf('attackers: [{ kind: silent }, { kind: slow-body, connections: 7, every: 200ms, from: 1s }]');
    expect(trial.attackers).toEqual([
      { kind: 'silent', connections: 100, everyMs: 1_000, fromMs: 0 },
      { kind: 'slow-body', connections: 7, everyMs: 200, fromMs: 1_000 },
    ]);
  });

  it('can be an axis', () => {
    const { variants } = scenarioOf(
      'name: x\naxes: { guests: { none: { attackers: [] }, some: { attackers: [{ kind: silent }] } } }',
    );
    expect(variants.map(({ trial }) => trial.attackers?.length ?? 0)).toEqual([0, 1]);
  });

  it.each([
    ['tls', 'strategy: { tls: on }', 'base.attackers: does not go with strategy.tls: attackers speak clear text'],
    ['h2', 'client: http2', 'base.attackers: does not go with strategy.protocol h2: attackers speak HTTP/1.1'],
    [
      'via',
      'via: [{ kind: reverse-proxy }]',
      'base.attackers: does not go with via: attackers go to the server, not to a program on the way',
    ],
    [
      'another machine',
      'server: { kind: external, url: "http://192.0.2.1/" }',
      'base.attackers: needs a server of this machine: attackers go to no other address',
    ],
    [
      'a measure that is over before they begin',
      'load: { duration: 2s }, attackers: [{ kind: silent }, { kind: silent, from: 2s }]',
      'base.attackers[1].from: begins 2s after the start of measure, which is over after 2s: attack earlier, or measure longer',
    ],
    [
      'a pause of those that send nothing',
      'attackers: [{ kind: silent, every: 5s }]',
      'base.attackers[0].every: does nothing with kind silent, which sends nothing and has nothing to read',
    ],
  ])('do not go with %s', (_, rest, message) => {
    const base = rest.includes('attackers:') ? rest : `${rest}, attackers: [{ kind: silent }]`;
    expect(messagesOf(base)).toEqual([message]);
  });

  it('may go to a server of this machine that runs already', () => {
    const base = 'server: { kind: external, url: "http://127.0.0.1:8080/" }, attackers: [{ kind: silent }]';
    expect(messagesOf(base)).toEqual([]);
  });

  it.each([
    ['{ kind: loud }', 'kind'],
    ['{ connections: 3 }', 'kind'],
    ['{ kind: silent, connections: 0 }', 'connections'],
    ['{ kind: silent, connections: 10001 }', 'connections'],
    ['{ kind: silent, every: 9ms }', 'every'],
    ['{ kind: silent, rate: 3 }', 'rate'],
  ])('refuse %s', (item, key) => {
    const problems = problemsOf(`name: x\nbase: { attackers: [${item}] }`);
    expect(problems).toHaveLength(1);
    expect(`${problems[0]!.path}: ${problems[0]!.message}`).toContain(key);
  });

  it('are in the JSON Schema', () => {
    expect(JSON.stringify(scenarioJsonSchema())).toContain('slow-headers');
  });
});
