/** Traces of arrivals: the text, the file, and the scenario that names one. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { loadScenario } from '../../src/scenario/file.ts';
import { parseScenario, type ParseResult, type Scenario } from '../../src/scenario/parse.ts';
import { formatProblem } from '../../src/scenario/problem.ts';
import { readTraceFile, type TraceRead } from '../../src/scenario/trace-file.ts';
import { arrivalsBefore, mostTraceArrivals, parseTrace } from '../../src/scenario/trace-text.ts';

const times = (text: string): readonly number[] => {
  const parsed = parseTrace(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return [...parsed.timesNs];
};
const complaints = (text: string): readonly string[] => {
  const parsed = parseTrace(text);
  return parsed.ok ? [] : parsed.problems.map(({ line, message }) => `${line} ${message}`);
};

describe('parseTrace', () => {
  it('reads numbers and NDJSON, in whole ns', () => {
    expect(times('0\n1.5\r\n\n# a comment\n  2e0 \n{"t": 2.25, "path": "/x"}\n3.0000000006')).toEqual([
      0, 1.5e9, 2e9, 2.25e9, 3_000_000_001,
    ]);
    expect(times('0\n0\n.5\n5.\n86400\n')).toEqual([0, 0, 0.5e9, 5e9, 86_400e9]);
  });

  it('grows with the file', () => {
    expect(times(Array.from({ length: 5000 }, (_, index) => index / 1000).join('\n')).at(-1)).toBe(4_999_000_000);
  });

  it.each([
    ['soon', '1 "soon" is not a time in seconds, such as 1.25 or {"t": 1.25}'],
    ['1,5', '1 "1,5" is not a time in seconds, such as 1.25 or {"t": 1.25}'],
    ['1s', '1 "1s" is not a time in seconds, such as 1.25 or {"t": 1.25}'],
    ['NaN', '1 "NaN" is not a time in seconds, such as 1.25 or {"t": 1.25}'],
    ['-1', '1 "-1" is before the start of measure'],
    ['1e999', '1 "1e999" is later than a day; times are seconds from the start of measure'],
    ['1700000000', '1 "1700000000" is later than a day; times are seconds from the start of measure'],
    ['{"t": -3}', '1 -3 is before the start of measure'],
    ['{"t": "3"}', '1 "{\\"t\\": \\"3\\"}" has no number t, the time in seconds'],
    ['{"t": 1', '1 "{\\"t\\": 1" is not JSON'],
    ['{"__proto__": {"t": 1}}', '1 "{\\"__proto__\\": {\\"t\\": 1}}" has no number t, the time in seconds'],
    ['\u001b[31m', '1 "\\u{1b}[31m" is not a time in seconds, such as 1.25 or {"t": 1.25}'],
    ['9'.repeat(5000), '1 is longer than 4096 characters'],
    ['', '0 has no arrivals'],
    ['# nothing\n', '0 has no arrivals'],
  ])('%j', (text, problem) => {
    expect(complaints(text)).toEqual([problem]);
  });

  it('names every bad line, and goes on with the good ones', () => {
    expect(complaints('1\nx\n3\n2\n4\ny')).toEqual([
      '2 "x" is not a time in seconds, such as 1.25 or {"t": 1.25}',
      '4 2 comes after 3; sort the times',
      '6 "y" is not a time in seconds, such as 1.25 or {"t": 1.25}',
    ]);
  });

  it('counts the bad lines of which there are too many to name', () => {
    const found = complaints('x\n'.repeat(1000));
    expect([found.length, found.at(-2)?.slice(0, 2), found.at(-1)]).toEqual([21, '20', '0 has 980 more bad lines']);
  });

  it('refuses more than a million arrivals', () => {
    const full = '1\n'.repeat(mostTraceArrivals);
    expect(times(full)).toHaveLength(1_000_000);
    expect(complaints(`${full}1\n`)).toEqual(['0 has 1000001 arrivals; at most 1000000 are replayed']);
  });
});

describe('arrivalsBefore', () => {
  it('counts what lies before a time', () => {
    const ascending = Float64Array.from([0, 5, 5, 9]);
    expect([-1, 0, 1, 5, 6, 9, 10].map((endNs) => arrivalsBefore(ascending, endNs))).toEqual([0, 0, 1, 1, 3, 3, 4]);
    expect(arrivalsBefore(new Float64Array(), 5)).toBe(0);
  });
});

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'connbench-trace-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});
function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}
const wholeFile = (read: TraceRead): unknown => (read.ok ? 'fine' : read.problems);

describe('readTraceFile', () => {
  it('gives times and hash', () => {
    const read = readTraceFile(file('good.txt', '\ufeff0.5\n1\n'));
    if (!read.ok) throw new Error('not read');
    expect([...read.trace.timesNs]).toEqual([0.5e9, 1e9]);
    expect(read.trace.sha256).toBe(createHash('sha256').update('\ufeff0.5\n1\n').digest('hex'));
  });

  it('says what cannot be read', () => {
    expect(wholeFile(readTraceFile(join(folder, 'missing.txt')))).toEqual([{ line: 0, message: 'does not exist' }]);
    expect(wholeFile(readTraceFile(folder))).toEqual([{ line: 0, message: 'is not a regular file' }]);
    expect(wholeFile(readTraceFile('/dev/zero'))).toEqual([{ line: 0, message: 'is not a regular file' }]);
    expect(wholeFile(readTraceFile(file('bytes.txt', Uint8Array.of(0x31, 0xff))))).toEqual([
      { line: 0, message: 'is not UTF-8 text' },
    ]);
    const large = file('large.txt', '');
    truncateSync(large, 64_000_001);
    expect(wholeFile(readTraceFile(large))).toEqual([
      { line: 0, message: 'has 64000001 bytes; at most 64MB are read' },
    ]);
  });
});

/** A scenario that names traces which are given as texts. */
function parse(
  load: string,
  files: Readonly<Record<string, string>>,
  more = '',
): ParseResult & { readonly reads: number } {
  let reads = 0;
  const readTrace = (path: string): TraceRead => {
    reads++;
    const text = files[path];
    if (text === undefined) return { ok: false, problems: [{ line: 0, message: 'does not exist' }] };
    const parsed = parseTrace(text);
    return parsed.ok ? { ok: true, trace: { sha256: hash(text), timesNs: parsed.timesNs } } : parsed;
  };
  const text = `name: x\nbase:\n  load: ${load}\n${more}`;
  const result = parseScenario(text, { file: 'some/where.yaml', folder: '/there', readTrace });
  return { ...result, reads };
}
const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
const scenarioOf = (result: ParseResult): Scenario => {
  if (!result.ok) throw new Error(result.problems.map(formatProblem).join('\n'));
  return result.scenario;
};
const problemsOf = (result: ParseResult): readonly string[] => (result.ok ? [] : result.problems.map(formatProblem));

describe('a scenario with a trace', () => {
  const files = { '/there/a.txt': '0\n1\n2\n3\n4\n', '/elsewhere/b.txt': '7\nx\n6\n', '/there/late.txt': '99\n' };

  it('resolves it beside the scenario, with its hash and how much of it is offered', () => {
    const { variants } = scenarioOf(parse('{ trace: a.txt, duration: 2500ms }', files));
    // Three of five in 2.5 s.
    expect(variants[0]?.trial.load).toMatchObject({
      model: 'open',
      ratePerSecond: 1.2,
      trace: { path: '/there/a.txt', sha256: hash('0\n1\n2\n3\n4\n'), arrivals: 3 },
    });
    expect(variants[0]?.config.load).toMatchObject({ trace: { file: 'a.txt', sha256: hash('0\n1\n2\n3\n4\n') } });
    expect(variants[0]?.config.load).not.toHaveProperty('rate');
  });

  it('reads it once for all variants', () => {
    const result = parse('{ trace: a.txt }', files, 'axes: { strategy.pool.size: [1, 2, 3, 4] }\n');
    expect([scenarioOf(result).variants.length, result.reads]).toEqual([4, 1]);
  });

  it('can be pasted back, and then insists on the same file', () => {
    const { variants, document } = scenarioOf(parse('{ trace: a.txt }', files));
    const pasted = stringify({ load: variants[0]!.config.load });
    const load = pasted.replace(/^load:\n/, '').replaceAll('\n', '\n  ');
    expect(scenarioOf(parse(`\n  ${load}`, files)).variants[0]?.trial.load).toEqual(variants[0]?.trial.load);
    expect(problemsOf(parse(`\n  ${load}`, { '/there/a.txt': '0\n' }))).toEqual([
      `some/where.yaml:7:7 base.load.trace.sha256: "a.txt" has changed: its SHA-256 is ${hash('0\n')}`,
    ]);
    expect(document['base']).toMatchObject({ load: { trace: 'a.txt' } });
  });

  it('an axis takes it in place of a rate, and back', () => {
    const axes = 'axes: { when: { recorded: { load: { trace: a.txt } }, steady: { load: { rate: 5/s } } } }\n';
    for (const base of ['{ rate: 9/s, arrivals: constant, shape: { ramp: { to: 1/s } } }', '{ trace: a.txt }']) {
      const { variants } = scenarioOf(parse(base, files, axes));
      expect(variants.map(({ config: { load } }) => ['trace' in load, 'rate' in load])).toEqual([[true, false], [false, true]]); // prettier-ignore
    }
  });

  it('names every bad line once, in the file where it is', () => {
    const result = parse('{ trace: /elsewhere/b.txt }', files, 'axes: { strategy.pool.size: [1, 2] }\n');
    expect(problemsOf(result)).toEqual([
      '/elsewhere/b.txt:2:1 "x" is not a time in seconds, such as 1.25 or {"t": 1.25}',
      '/elsewhere/b.txt:3:1 6 comes after 7; sort the times',
    ]);
    expect(problemsOf(parse('{ trace: ../elsewhere/b.txt }', files))[0]).toContain('elsewhere/b.txt:2:1 "x"');
  });

  it.each([
    ['{ trace: no.txt }', ['some/where.yaml:3:11 base.load.trace: "no.txt" does not exist']],
    [
      '{ trace: late.txt }',
      [
        'some/where.yaml:3:11 base.load.trace: "late.txt" has no arrival within load.duration 10s: the first is at 99 s',
      ],
    ],
    [
      '{ trace: 5 }',
      [
        'some/where.yaml:3:11 base.load.trace: must be the path of a file, absolute or relative to the folder of the scenario, without ~, not 5, or { file: ... }',
      ],
    ],
    ['{ trace: {} }', ['some/where.yaml:3:11 base.load.trace: needs file: the path of the arrivals']],
    [
      '{ trace: a.txt, model: closed }',
      ['some/where.yaml:3:11 base.load.trace: is for load.model open, but the model is closed'],
    ],
    [
      '{ trace: a.txt, rate: 1/s, shape: steady }',
      [
        'some/where.yaml:3:25 base.load.rate: does not go with load.trace: both say when requests arrive',
        'some/where.yaml:3:36 base.load.shape: does not go with load.trace: both say when requests arrive',
      ],
    ],
    [
      '{ trace: { file: a.txt, sha256: abc } }',
      ['some/where.yaml:3:33 base.load.trace.sha256: must be a SHA-256 in 64 hexadecimal digits, not "abc"'],
    ],
  ])('%s', (load, problems) => {
    expect(problemsOf(parse(load, files))).toEqual(problems);
  });

  it('is read from the disk by default, also where a command line sets it', async () => {
    file('arrivals.txt', '0\n0.5\n');
    const scenario = file('s.yaml', 'name: x\nbase: { load: { trace: arrivals.txt } }\n');
    expect(scenarioOf(await loadScenario(scenario)).variants[0]?.trial.load).toMatchObject({
      trace: { path: join(folder, 'arrivals.txt'), arrivals: 2 },
    });
    file('other.txt', '0\n');
    const set = await loadScenario(scenario, { set: ['load.trace=other.txt'] });
    expect(scenarioOf(set).variants[0]?.trial.load).toMatchObject({ trace: { arrivals: 1 } });
    const rate = await loadScenario(scenario, { set: ['load.rate=5/s'] });
    expect(scenarioOf(rate).variants[0]?.trial.load).not.toHaveProperty('trace');
  });
});
