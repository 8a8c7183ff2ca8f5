/** The slowest requests as text: what is said of each, widths, and names that try to escape. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderHtml } from '../../src/report/html/page.ts';
import { renderSlowest, storyText } from '../../src/report/slowest-text.ts';
import { renderSummary, summarise } from '../../src/report/summary.ts';
import { displayWidth } from '../../src/report/wrap.ts';
import type { SlowRequestRecord } from '../../src/results/slowest-record.ts';
import { run, variant } from '../results/fixtures.ts';
import { slowRequest } from '../results/unanswered-fixture.ts';
import { hostileName } from './report-inputs.ts';
import { assets, inputOf } from './html/fixtures.ts';

const timedOut = slowRequest({
  dueMs: 20_500,
  user: 17,
  responseNs: 5_000_200_000,
  phasesNs: { lag: 150_000, connectionWait: 0, connect: 50_000, firstByte: 5e9, download: 0 },
  status: null,
  code: 'RESPONSE_TIMEOUT',
  connection: { origin: 'opened', fate: 'timeout', use: 1, ageMs: 0, idleMs: null },
});

const plain = { width: 80, colour: false };

function resultsWith(slowest: readonly SlowRequestRecord[] | undefined, name = 'pool=2'): ReturnType<typeof run> {
  const variants = [variant('pool=1', { pool: '1' }), variant(name, { pool: name })];
  const results = run({ variants, blocks: 2 }, () => ({}));
  const part = slowest === undefined ? {} : { slowest: [...slowest] };
  return {
    ...results,
    trials: results.trials.map((trial) => (trial.variant === name ? { ...trial, ...part } : trial)),
  };
}

describe('storyText', () => {
  const connection = slowRequest().connection;
  it.each<readonly [string, Partial<SlowRequestRecord>]>([
    ['reused after 3.20 ms idle, use 12, age 812 ms', {}],
    ['RESPONSE_TIMEOUT, opened for it, user 17', timedOut],
    ['CONNECT_TIMEOUT, opened for it, closed by the timeout, user 17', { ...timedOut, code: 'CONNECT_TIMEOUT' }],
    [
      'status 503, taken over at once, use 2, age 1.00 ms, the server closed it',
      { status: 503, connection: { origin: 'handedOver', fate: 'serverClosed', use: 2, ageMs: 1, idleMs: null } },
    ],
    [
      'sent behind others, use 3, age 2.00 ms',
      { connection: { origin: 'pipelined', fate: 'kept', use: 3, ageMs: 2, idleMs: null } },
    ],
    [
      'opened ahead of it after 40.0 ms idle, closed after it',
      { connection: { origin: 'openedAhead', fate: 'closing', use: 1, ageMs: 40, idleMs: 40 } },
    ],
    [
      'QUEUE_TIMEOUT, never had a connection',
      {
        status: null,
        code: 'QUEUE_TIMEOUT',
        connection: { origin: 'none', fate: 'none', use: null, ageMs: null, idleMs: null },
      },
    ],
    [
      'ABANDONED, opened for it, still at work at the end',
      { status: null, code: 'ABANDONED', connection: { ...connection, origin: 'opened', fate: 'unfinished' } },
    ],
    [
      'ECONNRESET, opened for it, reset',
      { status: null, code: 'ECONNRESET', connection: { ...connection, origin: 'opened', fate: 'reset' } },
    ],
    [
      'BAD_CHUNK, opened for it, broken',
      { status: null, code: 'BAD_CHUNK', connection: { ...connection, origin: 'opened', fate: 'error' } },
    ],
  ])('%s', (expected, change) => {
    expect(storyText(slowRequest(change))).toBe(expected);
  });

  it('passes on words of a newer version, safely', () => {
    const text = storyText(
      slowRequest({ connection: { ...connection, origin: 'migrated\u001b[31m', fate: 'parked' } }),
    );
    expect(text).toBe('migrated\\u001b[31m, parked');
  });
});

describe('renderSlowest', () => {
  it('is a table per trial, the figures beside what happened', () => {
    const text = renderSlowest('pool=2', resultsWith([timedOut, slowRequest()]).trials, plain);
    expect(text.split('\n').slice(0, 14)).toEqual([
      'Slowest requests of pool=2',
      'Times in ms. ms: response time, from the moment the request was due; the columns',
      'after it add up to it: lag of the generator, waiting for a connection,',
      'connecting, from writing to the first byte, download. >= had no answer by then.',
      'use: of the connection, 1 is its first; age: of the connection when the request',
      'got it.',
      '',
      'Block 1, the slowest 2 requests',
      ' due s     ms   lag wait connect 1st byte download what happened',
      '─'.repeat(80),
      '20.500 >=5000 0.150    ·  0.0500     5000        · RESPONSE_TIMEOUT, opened for',
      '                                                   it, user 17',
      ' 1.234   5.00     ·    ·       ·     5.00        · reused after 3.20 ms idle,',
      '                                                   use 12, age 812 ms',
    ]);
    expect(text.match(/^Block \d/gm)).toEqual(['Block 1', 'Block 2']);
  });

  it('says so where nothing is recorded, or no trial was finished', () => {
    expect(renderSlowest('pool=2', resultsWith(undefined).trials, plain)).toContain('Block 1: no request is recorded.');
    expect(renderSlowest('pool=2', [], plain)).toContain('No trial of it was finished.');
  });

  it('keeps to the width and lets no control character through', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 60, max: 160 }),
        fc.double({ min: 0, max: 1e12, noNaN: true }),
        (width, responseNs) => {
          const slow = slowRequest({
            responseNs: Math.round(responseNs),
            status: null,
            code: hostileName,
            user: 12_345,
          });
          const text = renderSlowest(hostileName, resultsWith([slow], hostileName).trials, { width, colour: false });
          expect(text).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u.exec(text.replaceAll('\n', ''))?.[0] ?? /(?!)/);
          expect(Math.max(...text.split('\n').map(displayWidth))).toBeLessThanOrEqual(width);
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('elsewhere', () => {
  it('the page has them folded away, safe and bounded', () => {
    const many = Array.from({ length: 20 }, (_, at) =>
      slowRequest({ responseNs: (50 - at) * 1e6, code: hostileName, status: null }),
    );
    const page = renderHtml(inputOf(resultsWith([timedOut, ...many])), assets);
    const section = /<section aria-labelledby="run1-slowest">.*?<\/section>/s.exec(page)![0];
    expect(section).toMatch(/<details class="full">\s*<summary>/);
    expect(section).not.toMatch(/<details[^>]*\bopen\b/);
    // 20 of the one variant that has any, of both its trials together: the slowest of both first.
    expect(section.match(/<th scope="row">/g)).toHaveLength(20);
    const first = section
      .slice(section.indexOf('<tbody>'))
      .replaceAll(/<[^>]*>/g, ' ')
      .replaceAll(/\s+/g, ' ');
    expect(first).toContain('&gt;=5000');
    expect(first).toContain('RESPONSE_TIMEOUT, opened for it, user 17');
    expect(section).not.toContain('<script>alert');
  });

  it('a page of trials without such a list has no such part', () => {
    expect(renderHtml(inputOf(resultsWith(undefined)), assets)).not.toContain('run1-slowest');
  });

  it('the JSON has those of the variants that are to be explained', () => {
    const results = resultsWith([timedOut]);
    const summary = summarise(results, null, null, ['pool=2']);
    expect(summary.slowest).toEqual([
      { variant: 'pool=2', block: 0, valid: true, requests: [timedOut] },
      { variant: 'pool=2', block: 1, valid: true, requests: [timedOut] },
    ]);
    expect(JSON.parse(renderSummary(summary))).toMatchObject({ slowest: [{ block: 0 }, { block: 1 }] });
    expect(summarise(results, null)).not.toHaveProperty('slowest');
  });
});
