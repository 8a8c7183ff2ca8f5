/** docs/clients.md is what the tables of the clients say. */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { expect, it } from 'vitest';
import { addScenarioCommands } from '../../../src/cli/scenario-commands.ts';
import { clientsMarkdown } from '../../../src/scenario/clients/document.ts';
import { strategyKnobs } from '../../../src/scenario/clients/knob-list.ts';
import { phaseNames } from '../../../src/scenario/clients/table.ts';
import { clientTables } from '../../../src/scenario/clients/tables.ts';
import { latencyNames } from '../../../src/clients/observations.ts';
import { configSchema } from '../../../src/scenario/schema.ts';
import { knownKeys } from '../../../src/scenario/config-paths.ts';

const committed = readFileSync(new URL('../../../docs/clients.md', import.meta.url), 'utf8');

it('the committed page is the one that the tables make (`npm start -s -- list --clients > docs/clients.md`)', () => {
  expect(clientsMarkdown()).toBe(committed);
});

it('`connbench list --clients` prints it', async () => {
  let printed = '';
  const output = { print: (text: string) => (printed += `${text}\n`), say: () => undefined, draw: () => undefined };
  const program = new Command();
  addScenarioCommands(program, output, () => undefined);
  await program.parseAsync(['list', '--clients'], { from: 'user' });
  expect(printed).toBe(committed);
});

it('has a row for every knob that the schema knows, and a section for every client', () => {
  const keys = knownKeys(configSchema, ['strategy']) ?? [];
  const knobs = keys.flatMap((key) => {
    const inner = knownKeys(configSchema, ['strategy', key]);
    return inner === null || inner.length === 0 ? [key] : inner.map((name) => `${key}.${name}`);
  });
  expect([...strategyKnobs].sort()).toEqual(knobs.sort());
  for (const knob of knobs) expect(committed).toContain(`\n| \`${knob}\` `);
  for (const name of Object.keys(clientTables)) expect(committed).toContain(`\n## ${name}\n`);
});

it('every table stands under its own name, and the series are those that clients report', () => {
  expect(Object.entries(clientTables).map(([name, table]) => [name, table.name])).toEqual(
    Object.keys(clientTables).map((name) => [name, name]),
  );
  expect([...phaseNames].sort()).toEqual([...latencyNames].sort());
});
