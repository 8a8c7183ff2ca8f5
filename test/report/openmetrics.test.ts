/** The exposition, read back by a parser that holds it to OpenMetrics 1.0, and by one that holds it to the text format 0.0.4. */
import { expect, test } from 'vitest';
import { Exposition } from '../../src/report/exposition.ts';
import { renderOpenMetrics } from '../../src/report/openmetrics.ts';
import { run, variant } from '../results/fixtures.ts';
import {
  emptyInput,
  hostileInput,
  hostileName,
  reported,
  smallComparison,
  smallInput,
  smallRun,
} from './report-inputs.ts';

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}
interface Family {
  readonly name: string;
  readonly type: string;
  readonly unit: string | null;
  readonly help: string;
  readonly samples: readonly Sample[];
}

const suffixes: Readonly<Record<string, readonly string[]>> = {
  gauge: [''],
  summary: ['', '_count', '_sum'],
};
const labelPattern = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)/;
const unescaped: Readonly<Record<string, string>> = { '\\\\': '\\', '\\"': '"', '\\n': '\n' };

function labelsOf(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (let rest = text; rest !== '';) {
    const match = labelPattern.exec(rest);
    if (match === null) throw new Error(`not a label: ${rest.slice(0, 80)}`);
    if (Object.hasOwn(labels, match[1]!)) throw new Error(`the label ${match[1]!} is there twice`);
    labels[match[1]!] = match[2]!.replaceAll(/\\[\\"n]/g, (escape) => unescaped[escape]!);
    rest = rest.slice(match[0].length);
  }
  return labels;
}

/** Throws for anything that the format forbids. */
function parse(text: string): readonly Family[] {
  if (!text.endsWith('# EOF\n')) throw new Error('no end mark');
  const families: (Omit<Family, 'samples'> & { samples: Sample[] })[] = [];
  const series = new Set<string>();
  const metadata = /^# (TYPE|UNIT|HELP) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/;
  const sample = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/;
  for (const line of text.slice(0, -'# EOF\n'.length).split('\n').slice(0, -1)) {
    const about = metadata.exec(line);
    if (about !== null) {
      const [, kind, name, rest] = about as unknown as [string, string, string, string];
      if (kind === 'TYPE') {
        if (families.some((family) => family.name === name)) throw new Error(`${name} is interleaved`);
        families.push({ name, type: rest, unit: null, help: '', samples: [] });
      }
      const family = families.at(-1)!;
      if (family.name !== name || family.samples.length > 0) throw new Error(`metadata out of place: ${line}`);
      if (kind === 'UNIT' && !name.endsWith(`_${rest}`)) throw new Error(`the name does not end in the unit: ${line}`);
      Object.assign(family, kind === 'UNIT' ? { unit: rest } : kind === 'HELP' ? { help: rest } : {});
      continue;
    }
    const match = sample.exec(line);
    if (match === null) throw new Error(`not a line of the format: ${line}`);
    const [, name, inside = '', value] = match as unknown as [string, string, string | undefined, string];
    const family = families.at(-1)!;
    const allowed = suffixes[family.type];
    if (!allowed?.some((suffix) => name === family.name + suffix))
      throw new Error(`${name} does not belong to ${family.name}`);
    const labels = labelsOf(inside);
    const key = JSON.stringify([name, Object.entries(labels).toSorted()]);
    if (series.has(key)) throw new Error(`the series is there twice: ${line}`);
    series.add(key);
    family.samples.push({ name, labels, value: Number(value) });
  }
  return families;
}

/**
 * As `TextParser` of Prometheus' expfmt reads format 0.0.4: a `#` that TYPE or HELP does not follow begins a comment; any other type than
 * these five refuses the whole text; the type comes before the samples, and in a help only the backslash and the line feed are escaped.
 */
function typesOfText004(text: string): ReadonlyMap<string, string> {
  const types = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, keyword, name = '', rest = ''] = /^#\s+(TYPE|HELP)\s+([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(.*)$/.exec(line) ?? [];
    if (keyword === 'TYPE') {
      if (!/^(counter|gauge|histogram|summary|untyped)$/.test(rest)) throw new Error(`unknown metric type ${rest}`);
      if (types.has(name)) throw new Error(`second TYPE line for ${name}`);
      types.set(name, rest);
    }
    if (keyword === 'HELP' && /\\(?![\\n])/.test(rest)) throw new Error(`invalid escape sequence: ${line}`);
    if (line.startsWith('#') || line === '') continue;
    const of = /^[a-zA-Z_:][a-zA-Z0-9_:]*/.exec(line)![0];
    if (!types.has(of) && types.get(of.replace(/_(sum|count)$/, '')) !== 'summary') throw new Error(`no type: ${line}`);
  }
  return types;
}

const familyOf = (families: readonly Family[], name: string): Family => {
  const family = families.find((candidate) => candidate.name === name);
  if (family === undefined) throw new Error(`no family ${name}`);
  return family;
};

test('the small report', async () => {
  await expect(renderOpenMetrics(smallInput())).toMatchFileSnapshot('golden/small-openmetrics.txt');
});

test.each([
  ['small', smallInput()],
  ['hostile', hostileInput()],
  ['empty', emptyInput()],
])('the %s report is valid in the text format 0.0.4, too, whose parser knows no info', (_, input) => {
  const text = renderOpenMetrics(input);
  const types = typesOfText004(text);
  expect([...types].every(([, type]) => ['gauge', 'summary'].includes(type))).toBe(true);
  expect(types.get('connbench_run_info')).toBe('gauge');
  expect(familyOf(parse(text), 'connbench_run_info').samples.map(({ value }) => value)).toEqual([1]);
});

test('medians, counts and response times in base units', () => {
  const families = parse(renderOpenMetrics(smallInput()));
  const medians = familyOf(families, 'connbench_response_median_seconds');
  expect(medians).toMatchObject({ type: 'gauge', unit: 'seconds' });
  // Upper edges of the buckets of 200,000 and 100,000 ns, which are 128 and 64 wide: 199,936 + 127 and 99,968 + 63.
  expect(medians.samples.filter(({ labels }) => labels['percentile'] === '50')).toEqual([
    { name: medians.name, labels: { run: 'small', variant: 'pool=1', percentile: '50' }, value: 0.000200063 },
    { name: medians.name, labels: { run: 'small', variant: 'pool=2', percentile: '50' }, value: 0.000100031 },
  ]);
  const summary = familyOf(families, 'connbench_response_seconds');
  const ofFirst = summary.samples.filter(({ labels }) => labels['variant'] === 'pool=1');
  // Two trials of 1,000: in each 980 at 200 us and 20 at 800 us or 900 us, within 0.1 % by their buckets.
  expect(ofFirst.find(({ name }) => name.endsWith('_count'))?.value).toBe(2000);
  expect(ofFirst.find(({ name }) => name.endsWith('_sum'))?.value).toBeCloseTo(
    1960 * 0.0002 + 20 * 0.0008 + 20 * 0.0009,
    4,
  );
  expect(
    ofFirst.filter(({ labels }) => 'quantile' in labels).map(({ labels, value }) => [labels['quantile'], value]),
  ).toEqual([
    ['0.5', 0.000200063],
    ['0.9', 0.000200063],
    // Rank 1980 of 2000 is the last but one of those at 800 us.
    ['0.99', 0.000800255],
    ['0.999', 0.000900095],
  ]);
  expect(
    familyOf(families, 'connbench_trials').samples.map(({ labels, value }) => [
      labels['variant'],
      labels['valid'],
      value,
    ]),
  ).toEqual([
    ['pool=1', 'true', 2],
    ['pool=1', 'false', 0],
    ['pool=2', 'true', 1],
    ['pool=2', 'false', 1],
  ]);
  expect(familyOf(families, 'connbench_cpu_per_request_seconds').samples[0]).toMatchObject({
    labels: { side: 'client' },
    value: 0.0000152,
  });
});

test('verdicts, gates and claims are 1 for what they are', () => {
  const families = parse(renderOpenMetrics(smallInput()));
  const ones = (name: string, label: string): (string | undefined)[] =>
    familyOf(families, name)
      .samples.filter(({ value }) => value === 1)
      .map(({ labels }) => labels[label]);
  expect(ones('connbench_comparison_verdict', 'verdict')).toEqual(['regression', 'inconclusive', 'equivalent']);
  expect(ones('connbench_gate', 'outcome')).toEqual(['failed', 'inconclusive', 'passed']);
  expect(ones('connbench_claim', 'outcome')).toEqual(['not decided', 'not decided']);
  expect(familyOf(families, 'connbench_gate').samples.length).toBe(9);
  const ratios = familyOf(families, 'connbench_comparison_ratio');
  expect(ratios.samples[0]).toEqual({
    name: 'connbench_comparison_ratio',
    labels: { base: 'pool=1', base_run: 'small', run: 'small', variant: 'pool=2', metric: 'latency.response.p99' },
    value: 2,
  });
});

test('what has no figure has no line; a variant without a valid trial has no figures', () => {
  const results = run({ variants: [variant('a', {}), variant('b', {})] }, (name) => ({
    serverCpuUs: null,
    overrides: { valid: name === 'a' },
  }));
  const families = parse(
    renderOpenMetrics({ runs: [reported(results)], comparison: smallComparison({ pairs: [], gates: [] }) }),
  );
  const cpu = familyOf(families, 'connbench_cpu_per_request_seconds').samples;
  expect(cpu.map(({ labels }) => [labels['variant'], labels['side']])).toEqual([['a', 'client']]);
  expect(
    familyOf(families, 'connbench_response_seconds').samples.every(({ labels }) => labels['variant'] === 'a'),
  ).toBe(true);
  expect(families.map(({ name }) => name)).not.toContain('connbench_gate');
  expect(families.map(({ name }) => name)).not.toContain('connbench_packets_per_request');
});

test('hostile names come back from their labels', () => {
  const text = renderOpenMetrics(hostileInput());
  const families = parse(text);
  const shown = hostileName
    .replace('\u001b', '\\u001b')
    .replace('\r\n', '\\u000d\\u000a')
    .replace('\u0000', '\\u0000')
    .replace('\u202e', '\\u202e')
    .replace('\ud800', '\\ud800')
    .replace('\t', '\\u0009');
  expect(familyOf(families, 'connbench_run_info').samples[0]!.labels['scenario']).toBe(shown);
  expect(text).not.toMatch(/[\p{Cf}\p{Cs}]|[^\P{Cc}\n]/u);
});

test('names that differ only beyond what is shown are different series', () => {
  const long = 'x'.repeat(1000);
  const results = run({ variants: [variant(`${long}1`, {}), variant(`${long}2`, {})] }, () => ({}));
  const twice = { ...smallComparison(), gates: [...smallComparison().gates, ...smallComparison().gates] };
  const families = parse(renderOpenMetrics({ runs: [reported(results), reported(smallRun())], comparison: twice }));
  expect(familyOf(families, 'connbench_connections_opened').samples.map(({ labels }) => labels['duplicate'])).toEqual([
    undefined,
    '1',
    undefined,
    undefined,
  ]);
});

test('nothing finished: the run itself, and the end mark', () => {
  const families = parse(renderOpenMetrics(emptyInput()));
  expect(families.map(({ name }) => name)).toEqual(['connbench_run_info']);
});

test('a family must end in its unit', () => {
  expect(() => {
    new Exposition().family('connbench_time', 'gauge', 'seconds', 'Time.');
  }).toThrow('the family connbench_time does not end in its unit');
});
