/** What reports say of TLS handshakes, faults, retries, clients and protocols, and that they are silent where there is none of it. */
import { describe, expect, test } from 'vitest';
import { specialTables } from '../../src/report/special-figures.ts';
import { spoken, spokenLine } from '../../src/report/spoken.ts';
import { renderTerminal } from '../../src/report/terminal.ts';
import { figuresByVariant } from '../../src/report/variant-figures.ts';
import type { TrialRecord } from '../../src/results/record.ts';
import { defaultRun, latency, run, trial, variant, type TrialChoice } from '../results/fixtures.ts';

const of = variant('x', {});
const sample = trial({ index: 0, block: 0, order: 0, variant: 'x' }, of);

interface Handshakes {
  readonly full: number;
  readonly resumed: number;
  readonly earlyData: number;
  readonly failed: number;
  readonly earlyDataRejected?: number;
}

/** A trial over TLS whose sides counted these. */
function encrypted(client: Handshakes, server: Omit<Handshakes, 'earlyDataRejected'>, tlsNs: number): TrialChoice {
  return {
    overrides: {
      connections: { ...sample.connections!, tls: client },
      server: { ...sample.server, tls: server },
      latency: { ...sample.latency, tls: latency(tlsNs, tlsNs) },
    },
  };
}

function retrying(retried: number, duplicates: number, faults: Readonly<Record<string, number>>): TrialChoice {
  const wholeTrial = { ...sample.requests!.wholeTrial!, retried };
  return {
    overrides: {
      requests: { ...sample.requests!, duplicates, wholeTrial },
      server: { ...sample.server, faults },
    },
  };
}

const variants = ['plain', 'full', 'early', 'faulty'].map((name) => variant(`way=${name}`, { way: name }));
const counts: Readonly<Record<string, TrialChoice>> = {
  'way=full': encrypted(
    { full: 70, resumed: 3, earlyData: 0, failed: 0 },
    { full: 70, resumed: 3, earlyData: 0, failed: 2 },
    20e6,
  ),
  'way=early': encrypted(
    { full: 5, resumed: 68, earlyData: 61, earlyDataRejected: 7, failed: 0 },
    { full: 5, resumed: 68, earlyData: 61, failed: 0 },
    1e6,
  ),
  'way=faulty': retrying(13, 11, { 'reset-before': 15, stall: 0 }),
};
const results = run({ variants, name: 'mixed' }, (name) => counts[name] ?? {});

function cells(title: string): readonly (readonly string[])[] {
  const table = specialTables(figuresByVariant(results)).find((one) => one.title === title)!;
  const heads = ['variant', ...table.columns.map(({ side, heading }) => `${side} ${heading}`)];
  const lines = table.rows.map((row) => [
    row.label,
    ...table.columns.map(({ figure, format }) => {
      const { value } = figure(row);
      return value === null ? '-' : format(value);
    }),
  ]);
  return [heads, ...lines];
}

describe('special tables', () => {
  test('handshakes of both sides by kind, for the variants that spoke TLS, with refusals and failures where there were any', () => {
    expect(cells('TLS handshakes')).toEqual([
      [
        'variant',
        'TLS p50 ms',
        'client full',
        'client resumed',
        'client early data',
        'server full',
        'server resumed',
        'server early data',
        'client early data refused',
        'server failed',
      ],
      ['full', '20.0', '70', '3', '0', '70', '3', '0', '-', '2'],
      ['early', '1.00', '5', '68', '61', '5', '68', '61', '7', '0'],
    ]);
  });

  test('faults by name, what was sent again and what was executed again', () => {
    expect(cells('Faults and retries')).toEqual([
      ['variant', 'met reset-before', 'met stall', 'client sent again', 'server executed again'],
      ['faulty', '15', '0', '13', '11'],
    ]);
  });

  test('none in a run without any of it', () => {
    expect(specialTables(figuresByVariant(defaultRun()))).toEqual([]);
  });

  test('stand in the terminal, no line wider than asked for', () => {
    for (const width of [60, 80, 140]) {
      const text = renderTerminal(results, { width, colour: false });
      for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(width);
      expect(text).toMatch(/\nTLS handshakes\n/);
      expect(text).toMatch(/\nFaults and retries\n/);
    }
    const lines = renderTerminal(results, { width: 140, colour: false }).split('\n');
    expect(lines.find((line) => /^early +1\.00/.test(line))!.split(/ +/)).toEqual(
      cells('TLS handshakes')
        .at(-1)!
        .flatMap((cell) => cell.split(' ')),
    );
  });
});

function speaking(name: string, strategy: object, client: Partial<TrialRecord['client']> = {}): TrialChoice {
  return { overrides: { config: { strategy }, client: { ...sample.client, name, ...client } } };
}

function said(choices: Readonly<Record<string, TrialChoice>>): readonly string[] {
  const names = Object.keys(choices);
  const ofRun = run({ variants: names.map((name) => variant(name, { way: name })) }, (name) => choices[name]!);
  const rows = figuresByVariant(ofRun);
  return spoken(rows).map((one) => spokenLine(one, rows.length));
}

describe('client and protocol', () => {
  const plain = { protocol: 'http/1.1' };
  const tls = { version: '1.3', resumption: 'session' };

  test('nothing where it is the reference client in clear text all over, and where the record does not say', () => {
    expect(said({ a: speaking('reference', plain), b: speaking('reference', plain) })).toEqual([]);
    expect(said({ a: {} })).toEqual([]);
  });

  test('once where all variants have the same', () => {
    expect(said({ a: speaking('reference', { ...plain, tls }), b: speaking('reference', { ...plain, tls }) })).toEqual([
      'reference, http/1.1 over TLS 1.3 with resumption',
    ]);
  });

  test('each with its variants and with the version that ran', () => {
    const undici = speaking('undici', plain, { version: 'undici 7.30.2' });
    const h2 = { protocol: 'h2', tls: { version: '1.2', resumption: 'none' } };
    expect(
      said({
        a: undici,
        b: speaking('http2', h2, { version: 'node v20.20.2 (nghttp2 1.61.0)' }),
        c: undici,
        d: speaking('reference', { ...plain, tls: { version: '1.3', resumption: 'early-data' } }),
      }),
    ).toEqual([
      'undici 7.30.2, http/1.1: a; c',
      'http2 (node v20.20.2 (nghttp2 1.61.0)), h2 over TLS 1.2 without resumption: b',
      'reference, http/1.1 over TLS 1.3 with early data: d',
    ]);
  });

  test('not more than four variants by name', () => {
    const same = Object.fromEntries(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => [name, speaking('fetch', plain)]));
    expect(said({ ...same, g: speaking('reference', plain) })).toEqual([
      'fetch, http/1.1: a; b; c; d and 2 more variants',
      'reference, http/1.1: g',
    ]);
  });
});
