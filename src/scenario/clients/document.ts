/** The tables of all clients as Markdown: what stands in docs/clients.md and what `connbench list --clients` prints. */
import { ownDefault } from '../fill-strategy.ts';
import { loadKnobs, strategyKnobs } from './knob-list.ts';
import type { Alias, ClientTable, KnobEntry, OptionEntry, Value } from './table.ts';
import { clientTables } from './tables.ts';

const intro = `# Clients

What executes a strategy: \`client: undici\`, or a map.

\`\`\`yaml
client:
  name: undici
  version: 6.26.0 # exact; of undici, agentkeepalive and autocannon
  modules: ./libs # npm install --prefix ./libs undici@6.26.0
  runtime: /opt/node-22/bin/node # the Node that runs the client
  options: { keepAliveTimeoutThreshold: 1000 } # the client's own, below
\`\`\`

Paths are relative to the folder of the scenario. As an axis: \`client: [node-http, fetch]\`, named patches, or \`client.version: [6.26.0, 7.30.2]\`.
An alternative with another client leaves version and options of the base behind.

\`connbench check\` refuses a knob that a client cannot do, with the reason. Where a scenario does not say, a knob has connbench's default if
the client can do it, else the client's own. This page is made by \`connbench list --clients > docs/clients.md\`.

## Knobs of \`strategy\`

What does it: an option or a call of the client, \`runner\` for connbench's code around it. "only": the one value that the client has.
`;

/** The whole page, with a line break at its end. */
export function clientsMarkdown(): string {
  const tables = Object.values(clientTables);
  const sections = tables.map((table) => clientSection(table));
  return [intro, matrix(tables), ...sections].join('\n');
}

function matrix(tables: readonly ClientTable[]): string {
  const rows = strategyKnobs.map((knob) => [
    code(knob),
    ...tables.map(({ strategy }) => cell(strategy[knob] as KnobEntry)),
  ]);
  return markdownTable([['knob', ...tables.map(({ name }) => name)], ...rows]);
}

function cell(entry: KnobEntry): string {
  if ('only' in entry) return `only ${code(entry.only)}`;
  const refused = (entry.refuses ?? []).flatMap(({ values }) => values.map(code));
  return refused.length === 0 ? entry.maps : `${entry.maps}; not ${refused.join(', ')}`;
}

function clientSection(table: ClientTable): string {
  const refused = strategyKnobs.flatMap((knob) => knobLines(knob, table.strategy[knob]));
  const loads = loadKnobs.flatMap((knob) => knobLines(`load.${knob}`, table.load[knob]));
  const options = [
    ...Object.entries(table.options).map(([name, entry]) => optionLine(name, entry)),
    ...Object.entries(table.aliases).map(([name, alias]) => aliasLine(name, alias)),
  ];
  // Who decides when requests are due decides the load: of all else there are notes.
  const { model } = table.load;
  const ofGenerator = 'maps' in model && model.maps === 'generator';
  const load = ofGenerator ? [] : ['', 'Its load is its own:', '', ...loadLines(table)];
  const lines = [`## ${table.name}`, '', table.what];
  const notes = [...refused, ...loads, ...phaseLines(table)];
  if (notes.length > 0) lines.push('', ...notes);
  lines.push(...load);
  lines.push(
    '',
    options.length === 0 ? 'It has no options.' : '`client.options`:',
    ...(options.length === 0 ? [] : ['', ...options]),
  );
  return `${lines.join('\n')}\n`;
}

function knobLines(knob: string, entry: KnobEntry): readonly string[] {
  if ('only' in entry) return [`- ${code(knob)} only ${code(entry.only)}: ${entry.because}.`];
  const note = entry.note === undefined ? [] : [`- ${code(knob)}: ${entry.note}.`];
  const own = ownDefault(entry);
  const byDefault =
    own === undefined || entry.note !== undefined ? [] : [`- ${code(knob)} is ${code(own)} unless given.`];
  const refused = (entry.refuses ?? []).map(
    ({ values, because }) => `- ${code(knob)} not ${values.map(code).join(', ')}: ${because}.`,
  );
  return [...note, ...byDefault, ...refused];
}

/** A line for each reason. */
function phaseLines({ phases }: ClientTable): readonly string[] {
  const reasons = [...new Set(Object.values(phases).filter((reason) => reason !== null))];
  return reasons.map((reason) => {
    const names = Object.entries(phases).flatMap(([name, other]) => (other === reason ? [code(name)] : []));
    return `- No latency ${names.join(', ')}: ${reason}.`;
  });
}

function loadLines({ load }: ClientTable): readonly string[] {
  return loadKnobs.flatMap((knob) => {
    const entry = load[knob];
    return 'only' in entry ? [] : [`- ${code(`load.${knob}`)} by ${code(entry.maps)}.`];
  });
}

function optionLine(name: string, entry: OptionEntry): string {
  return `- ${code(name)} (${optionValues(entry)}): ${lowered(entry.description)}`;
}

function optionValues(entry: OptionEntry): string {
  switch (entry.type) {
    case 'count':
      return `${entry.min} to ${entry.max}`;
    case 'flag':
      return 'true or false';
    case 'choice':
      return entry.words.join(' or ');
  }
}

function aliasLine(name: string, { knob, unit, plus = 0 }: Alias): string {
  const how = unit === 'ms' ? ', in milliseconds' : plus === 0 ? '' : `, less ${plus}`;
  return `- ${code(name)}: the knob ${code(`strategy.${knob}`)}${how}.`;
}

function lowered(sentence: string): string {
  return /^[A-Z][a-z]+ /.test(sentence) ? `${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}` : sentence;
}

function code(value: Value): string {
  return `\`${value}\``;
}

/** Columns as wide as their widest cell, as Prettier has them. */
function markdownTable(rows: readonly (readonly string[])[]): string {
  const [head = []] = rows;
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((text, column) => text.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  const [first = '', ...rest] = rows.map(line);
  return `${[first, rule, ...rest].join('\n')}\n`;
}
