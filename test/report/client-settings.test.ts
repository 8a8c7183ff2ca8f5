/** What a client was in force with is in every report, each setting once; and nothing is said of clients that say nothing. */
import { describe, expect, test } from 'vitest';
import { environmentSection } from '../../src/report/html/environment-section.ts';
import { runViews } from '../../src/report/html/view.ts';
import { clientSettingLines, clientSettings } from '../../src/report/client-settings.ts';
import { summarise } from '../../src/report/summary.ts';
import { renderTerminal } from '../../src/report/terminal.ts';
import { figuresByVariant } from '../../src/report/variant-figures.ts';
import { defaultRun, run, variant, type TrialChoice } from '../results/fixtures.ts';
import { reported, smallInput } from './report-inputs.ts';

const undici = (connections: number): TrialChoice => ({
  overrides: {
    client: {
      name: 'undici',
      transport: 'net',
      transportReason: 'sockets of Node',
      version: 'undici 7.30.2, node v20.20.2',
      settings: { keepAliveTimeout: 4000, clientTtl: null, connections, evil: '<b>\u001b[31m' },
    },
  },
});
const choices: Readonly<Record<string, TrialChoice>> = { few: undici(2), many: undici(64) };
const variants = ['few', 'many', 'plain'].map((name) => variant(name, { pool: name }));
const results = run({ variants }, (name) => choices[name] ?? {});
const rows = figuresByVariant(results);
const client = 'undici 7.30.2, node v20.20.2';

describe('the settings of clients', () => {
  test('each is there once, with every value that it had', () => {
    expect(clientSettings(rows).map(({ name, values }) => [name, values.map(({ value }) => value)])).toEqual([
      ['keepAliveTimeout', [4000]],
      ['clientTtl', [null]],
      ['connections', [2, 64]],
      ['evil', ['<b>\u001b[31m']],
    ]);
    expect(clientSettingLines(rows)).toEqual([
      `${client}: keepAliveTimeout 4000, clientTtl not set, connections 2 or 64, evil <b>\u001b[31m`,
    ]);
  });

  test('are on the terminal, in the page and in the summary', () => {
    const terminal = renderTerminal(results, { width: 200, colour: false });
    expect(terminal).toContain('Settings in force\n');
    expect(terminal).toContain('connections 2 or 64');
    expect(terminal).not.toContain('\u001b[31m');
    const page = environmentSection(runViews(smallInput({ runs: [reported(results)] }))[0]!)!.toString();
    expect(page).toContain('Settings of the clients');
    expect(page).toContain('keepAliveTimeout');
    expect(page).not.toContain('<b>\u001b');
    const summary = summarise(results, null);
    expect(summary.variants.map((row) => row.client?.settings?.['connections'])).toEqual([2, 64, undefined]);
    expect(summary.variants[0]!.client).toMatchObject({ name: 'undici', version: client });
  });

  test('of a client that says nothing there is nothing', () => {
    const plain = defaultRun();
    expect(clientSettings(figuresByVariant(plain))).toEqual([]);
    expect(renderTerminal(plain)).not.toContain('Settings in force');
    expect(summarise(plain, null).variants.every((row) => row.client === undefined)).toBe(true);
  });
});
