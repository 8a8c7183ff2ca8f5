/** The section about handshakes and retries: there where a run has any, with every figure of both sides, and names as text. */
import { expect, test } from 'vitest';
import { specialSection } from '../../../src/report/html/special-section.ts';
import { runViews } from '../../../src/report/html/view.ts';
import { run, trial, variant } from '../../results/fixtures.ts';
import { reported, smallComparison } from '../report-inputs.ts';

const sample = trial({ index: 0, block: 0, order: 0, variant: 'x' }, variant('x', {}));

function sectionOf(results: ReturnType<typeof run>): string | null {
  const input = { runs: [reported(results)], comparison: smallComparison({ pairs: [], gates: [], warnings: [] }) };
  const text = specialSection(runViews(input)[0]!)?.toString() ?? null;
  return text === null ? null : text.replaceAll(/\s+/g, ' ');
}

function cellsOf(html: string): readonly string[] {
  return [...html.matchAll(/<t[hd]\b[^>]*>(.*?)<\/t[hd]>/g)].map(([, cell]) =>
    cell!.replaceAll(/<[^>]*>/g, '|').trim(),
  );
}

test('nothing for a run in clear text without faults', () => {
  expect(sectionOf(run({ variants: [variant('a', { way: 'a' })] }, () => ({})))).toBeNull();
});

test('counts of both sides, and who spoke what', () => {
  const tls = { full: 3, resumed: 40, earlyData: 39, failed: 0 };
  const results = run({ variants: [variant('a', { way: '<a>' }), variant('b', { way: 'b' })] }, (name) => ({
    overrides:
      name === 'a'
        ? {
            config: { strategy: { protocol: 'http/1.1', tls: { version: '1.3', resumption: 'early-data' } } },
            connections: { ...sample.connections!, tls },
            server: { ...sample.server, tls: { ...tls, full: 4 }, faults: { stall: 2 } },
          }
        : { config: { strategy: { protocol: 'http/1.1' } } },
  }));
  const html = sectionOf(results)!;
  expect(html).toContain('<strong>reference, http/1.1 over TLS 1.3 with early data:</strong> &lt;a&gt;</li>');
  expect(html).toContain('<strong>reference, http/1.1:</strong> b</li>');
  expect(cellsOf(html)).toEqual([
    ...['variant', 'TLS|p50 ms|', 'client|full|', 'client|resumed|', 'client|early data|'],
    ...['server|full|', 'server|resumed|', 'server|early data|'],
    ...['&lt;a&gt;', '|-|', '3', '40', '39', '4', '40', '39'],
    ...['variant', 'met|stall|', '&lt;a&gt;', '2'],
  ]);
});
