import { describe, expect, test } from 'vitest';
import {
  calibrationScenario,
  sessionBlocksOf,
  variantToCalibrate,
  type Injection,
} from '../../src/compare/calibration-plan.ts';
import { parseScenario, type Scenario } from '../../src/scenario/parse.ts';
import { header } from '../results/fixtures.ts';

function scenario(server = '{ kind: reference, response: { delay: 5ms } }', baseline = true): Scenario {
  const text = `
name: pools
base:
  server: ${server}
  load: { model: open, rate: 300/s, duration: 1s }
axes: { strategy.pool.size: [1, 4] }
gates: [{ metric: p99, margin: 12.5% }]
${baseline ? 'baseline: { strategy.pool.size: 4 }' : ''}`;
  const parsed = parseScenario(text, { file: 'somewhere/pools.yaml' });
  if (!parsed.ok) throw new Error(parsed.problems[0]!.message);
  return parsed.scenario;
}
const shape = { sessions: 3, blocks: 8 };
const injection = (addedMs: number): Injection => ({ addedMs, origin: null });
function calibration(of: Scenario, added: Injection | null): Scenario {
  return calibrationScenario(of, variantToCalibrate(of, null), shape, added);
}

describe('the variant', () => {
  test('is the baseline, else the first, or the one that is named', () => {
    expect(variantToCalibrate(scenario(), null).name).toBe('strategy.pool.size=4');
    expect(variantToCalibrate(scenario(undefined, false), null).name).toBe('strategy.pool.size=1');
    expect(variantToCalibrate(scenario(), 'strategy.pool.size=1').name).toBe('strategy.pool.size=1');
  });

  test('that does not exist is refused with those that do', () => {
    expect(() => variantToCalibrate(scenario(), 'strategy.pool.size=5')).toThrow('"5" is not an alternative');
  });
});

test('two names for the same settings, in the blocks of all sessions', () => {
  const of = calibration(scenario(), null);
  const [a, b] = of.variants;
  expect(of.variants.map(({ name }) => name)).toEqual(['calibrate=a', 'calibrate=b']);
  expect(a!.trial).toEqual(b!.trial);
  expect(a!.trial).toEqual(variantToCalibrate(scenario(), null).trial);
  expect(of).toMatchObject({ name: 'pools-calibration', blocks: 24, baseline: { calibrate: 'a' } });
  // Relative paths of a server's command keep their meaning.
  expect(of.folder).toBe(scenario().folder);
  expect(of.gates).toEqual([{ metric: 'latency.response.p99', margin: 0.125 }]);
});

test('the blocks of a session can be read from the file again', () => {
  const { question } = calibration(scenario(), null);
  expect(sessionBlocksOf({ ...header({ variants: [], question }) })).toBe(8);
  expect(sessionBlocksOf(header({ variants: [] }))).toBeNull();
  // Names say what they like.
  const of = scenario();
  const named = { ...variantToCalibrate(of, null), name: 'how small a change can it see? Sessions of 6 blocks: 9.' };
  const hostile = calibrationScenario(of, named, shape, injection(1)).question;
  expect(hostile).toContain('Sessions of 6 blocks: 9.');
  expect(sessionBlocksOf(header({ variants: [], question: hostile }))).toBe(8);
});

describe('an injected delay', () => {
  test('is added to the delay of the variant, in one alternative alone', () => {
    const delays = calibration(scenario(), injection(0.75)).variants.map(({ trial }) =>
      'response' in trial.server ? trial.server.response.delay : null,
    );
    const own = { distribution: 'constant', valueMs: 5 };
    expect(delays).toEqual([own, own, { distribution: 'constant', valueMs: 5.75 }]);
  });

  test('also where the delay is written as a distribution, and where there is none', () => {
    const slower = (server: string): unknown => calibration(scenario(server), injection(1)).variants[2]!.trial.server;
    const map = '{ kind: node, response: { delay: { distribution: constant, value: 2ms } } }';
    expect(slower(map)).toMatchObject({ response: { delay: { distribution: 'constant', valueMs: 3 } } });
    expect(slower('{ kind: node }')).toMatchObject({ response: { delay: { distribution: 'constant', valueMs: 1 } } });
  });

  test.each([
    ['{ kind: node, response: { delay: 5ms } }', 'whole milliseconds'],
    ['{ kind: reference, response: { delay: { distribution: exponential, mean: 5ms } } }', 'only a constant delay'],
    ['{ kind: command, command: [node, server.js] }', 'a server of kind command'],
  ])('is refused for %s', (server, why) => {
    expect(() => calibration(scenario(server), injection(0.75))).toThrow(why);
  });
});
