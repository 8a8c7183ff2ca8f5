/** The README's table of load keys: every example can be pasted, and every key of the load is there. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { knownKeys } from '../../src/scenario/config-paths.ts';
import { parseScenario } from '../../src/scenario/parse.ts';
import { configSchema } from '../../src/scenario/schema.ts';
import { brief } from './read.ts';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const section = /^## The load\n(.*?)^## /ms.exec(readme)?.[1] ?? '';

interface Row {
  readonly key: string;
  readonly model: string;
  /** What stands in code font, as it is written. */
  readonly spans: readonly string[];
}

/** A row whose first cells are empty goes on with those above it. */
function rowsOf(table: string): readonly Row[] {
  const rows: Row[] = [];
  for (const line of table.split('\n').filter((text) => /^\| (?:`| )/.test(text))) {
    const [, key = '', model = '', example = ''] = line.split('|').map((cell) => cell.trim());
    const above = rows.at(-1);
    const spans = [...example.matchAll(/`([^`]+)`/g)].map(([, span]) => span!);
    rows.push({ key: key.replaceAll(/`|,.*/g, '') || above!.key, model: model || above!.model, spans });
  }
  return rows;
}
const rows = rowsOf(section);

/** Spans are settings of the load, of another part (`strategy.pool: ...`), values of the row's key, or other words. */
function settings({ key, spans }: Row): readonly string[] {
  const values = spans.filter((span) => span.startsWith('{ distribution')).map((span) => `${key}: ${span}`);
  return [...spans.filter((span) => /^[a-zA-Z]+: /.test(span)), ...values];
}

describe('the table of load keys', () => {
  const cases = rows.flatMap((row) => settings(row).map((setting) => ({ row, setting })));

  it.each(cases)('$setting', ({ row: { model }, setting }) => {
    const load = { ...(model === 'closed' ? { model } : {}), ...(parse(setting) as object) };
    const strategy = setting.startsWith('page:') ? { pool: { scope: 'session', size: 6 } } : {};
    const parsed = parseScenario(JSON.stringify({ name: 'x', base: { load, strategy } }), {
      file: 'test.yaml',
      readTrace: () => ({ ok: true, trace: { sha256: '0'.repeat(64), timesNs: Float64Array.of(0, 1e9) } }),
    });
    expect(parsed.ok ? [] : parsed.problems.map(brief)).toEqual([]);
  });

  it('has every key, with an example', () => {
    expect(rows.every((row) => settings(row).length > 0)).toBe(true);
    const words = new Set([...section.matchAll(/`(?:load\.)?(\w+)/g)].map(([, word]) => word!));
    expect((knownKeys(configSchema, ['load']) ?? []).filter((key) => !words.has(key))).toEqual([]);
  });
});
