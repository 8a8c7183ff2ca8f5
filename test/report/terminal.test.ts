/** The terminal report: golden texts, widths, and names that try to escape. */
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { renderTerminal } from '../../src/report/terminal.ts';
import { displayWidth } from '../../src/report/wrap.ts';
import { warning } from '../../src/results/warnings.ts';
import { defaultRun, run, variant } from '../results/fixtures.ts';

const claims = [
  {
    claim: 'Reuse halves the median',
    metric: 'latency.response.p50',
    of: { strategy: 'pool-8' },
    against: { strategy: 'close' },
    ratio: { below: 0.5, above: null },
    value: null,
  },
  {
    claim: 'A pool of one opens more than one connection',
    metric: 'connections.opened',
    of: { strategy: 'pool-1', load: 'closed' },
    against: null,
    ratio: null,
    value: { below: null, above: 1 },
  },
];

/** A run in which nearly everything that a report can say happens. */
function troubledRun(): ReturnType<typeof run> {
  const variants = ['close', 'keep-alive', 'dead', 'fresh'].map((name) =>
    variant(`strategy=${name}`, { strategy: name }),
  );
  const result = run({ variants, blocks: 2, name: 'troubled' }, (name, block) => {
    switch (name) {
      case 'strategy=close':
        return {
          samples: 900,
          p50Ns: 150_000,
          opened: 990,
          failed: 110,
          overrides: { warnings: [warning('errors', `${110 + block} of 1010 requests failed`)] },
        };
      case 'strategy=dead':
        return {
          serverCpuUs: null,
          overrides: {
            valid: false,
            invalidReasons: [{ code: 'server-died', message: 'the server was killed by SIGKILL' }],
          },
        };
      case 'strategy=fresh':
        return {
          samples: 5000,
          clientFds: null,
          serverFds: null,
          overrides: { warnings: [warning('lag', 'p99 lag 3 ms')] },
        };
      default:
        return block === 0
          ? {}
          : {
              overrides: {
                valid: false,
                invalidReasons: [{ code: 'not-reconciled', message: 'the server saw one more' }],
              },
            };
    }
  });
  return {
    ...result,
    footer: { ...result.footer, interrupted: true, reason: 'SIGINT' },
    trials: result.trials.slice(0, 7),
  };
}

describe('golden', () => {
  test('one block in 80 columns', async () => {
    await expect(renderTerminal(defaultRun())).toMatchFileSnapshot('golden/default-80.txt');
  });
  test('eight blocks and claims in 140 columns', async () => {
    const results = defaultRun({ blocks: 8, baseline: { strategy: 'close' }, expectations: claims });
    await expect(renderTerminal(results, { width: 140, colour: false })).toMatchFileSnapshot('golden/blocks-140.txt');
  });
  test('a troubled run', async () => {
    await expect(renderTerminal(troubledRun())).toMatchFileSnapshot('golden/troubled-80.txt');
  });
  test('a killed run without a finished trial', () => {
    const { header } = defaultRun();
    expect(renderTerminal({ header, trials: [], footer: null })).toBe(
      [
        'default',
        'What does a new connection per request cost?',
        'Look at: Compare TIME_WAIT and CPU per request.',
        '',
        'No trial was finished.',
        '',
        'The run was killed after 0 of 10 trials. --resume goes on from there.',
        '',
      ].join('\n'),
    );
  });
});

const widest = (text: string): number => Math.max(...stripVTControlCharacters(text).split('\n').map(displayWidth));

describe('width', () => {
  test.each([60, 72, 80, 99, 100, 120, 200])('of %i columns holds every line, painted or not', (width) => {
    for (const results of [defaultRun({ blocks: 8, expectations: claims }), troubledRun()]) {
      const plain = renderTerminal(results, { width, colour: false });
      expect(widest(plain)).toBeLessThanOrEqual(width);
      expect(stripVTControlCharacters(renderTerminal(results, { width, colour: true }))).toBe(plain);
    }
  });

  test('holds with names of any length and script', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(name, name, fc.integer({ min: 60, max: 130 }), (a, b, width) => {
        const variants = [variant(`s=${a}`, { [b]: `${a}x` }), variant(`s=${b}`, { [b]: `${a}y` })];
        const results = run({ variants, name: a, question: `${b} ${a}` }, () => ({ failed: 3 }));
        expect(widest(renderTerminal(results, { width, colour: false }))).toBeLessThanOrEqual(width);
      }),
      { numRuns: 40 },
    );
  });

  test('loses no column when one table becomes two', () => {
    const words = (text: string): string[] => text.split(/\s+/).filter((word) => /\d/.test(word));
    const tablesOf = (width: number): string[] => {
      const text = renderTerminal(defaultRun(), { width, colour: false });
      return words(text.slice(0, text.indexOf('Response time counts')));
    };
    expect(new Set(tablesOf(80))).toEqual(new Set(tablesOf(200)));
  });
});

describe('colour', () => {
  test('is absent unless asked for', () => {
    expect(renderTerminal(troubledRun())).not.toContain('\u001b');
    expect(renderTerminal(troubledRun(), { width: 80, colour: true })).toContain('\u001b[31m');
  });
});

describe('hostile text', () => {
  const attack = 'a\u001b[2J\u001b]0;owned\u0007b\r\n\u009b31mc\u202ed\u2028e\u0000f';
  const shown = 'a\\u001b[2J\\u001b]0;owned\\u0007b\\u000d\\u000a\\u009b31mc\\u202ed\\u2028e\\u0000f';

  test('reaches the terminal as visible escapes, wherever it stands', () => {
    const variants = [variant(attack, { [attack]: attack }), variant('other', { [attack]: 'other' })];
    const expectation = {
      ...claims[0]!,
      claim: attack,
      metric: attack,
      of: { [attack]: attack },
      against: { [attack]: 'other' },
    };
    const results = run({ variants, name: attack, question: attack, expectations: [expectation] }, () => ({
      failed: 2,
      clientFds: null,
      overrides: {
        valid: false,
        invalidReasons: [{ code: attack, message: attack }],
        warnings: [{ code: attack, message: attack, advice: attack }],
        missing: { 'fds.client': attack },
        errors: [{ phase: attack, code: attack, reused: true, socketAgeMs: null, count: 2 }],
      },
    }));
    const hostile = { ...results, footer: { ...results.footer, interrupted: true, reason: attack } };
    const text = renderTerminal(hostile, { width: 200, colour: false });
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(text).toContain(shown);
  });
});
