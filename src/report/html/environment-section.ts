/** Where a run was measured, and how to do it again. */
import type { HeaderRecord } from '../../results/record.ts';
import { clientSettings, settingText, type ClientSetting } from '../client-settings.ts';
import { amount, count } from '../format.ts';
import { plural } from '../../compare/words.ts';
import { section } from './frame.ts';
import { html, listing, type Content, type Markup } from './markup.ts';
import { table } from './table.ts';
import { labelText, type RunView } from './view.ts';

export function environmentSection({ level, id, suffix, results, rows, file }: RunView): Markup | null {
  const { header } = results;
  const { environment: of, connbenchVersion, startedAt, runId } = header;
  const items: readonly (readonly [string, string | null])[] = [
    ['measured', `${startedAt} (run ${runId})`],
    ['result file', file === null ? null : file.slice(file.lastIndexOf('/') + 1)],
    ...importItems(header),
    ['connbench', connbenchVersion],
    ['where', placeOf(results.trials.map(({ mode }) => mode))],
    ['processor', of.cpuModel],
    ['cores', of.cores === null ? null : count(of.cores)],
    ['memory', of.memoryBytes === null ? null : `${amount(of.memoryBytes / 1e9)} GB`],
    ['virtualisation', of.virtualisation],
    ['CPU governor', of.governor],
    ['system', joinedText([of.os, of.arch])],
    ['kernel', of.kernel],
    ['Node.js', of.node],
    ['congestion control', of.congestionControl],
    ['open files, soft / hard limit', `${limit(of.nofile.soft)} / ${limit(of.nofile.hard)}`],
  ];
  return section(level, `${id}-environment`, 'Environment', [
    html`<dl class="facts">
      ${items.map(
        ([name, value]) =>
          html`<div>
            <dt>${name}</dt>
            <dd>${value ?? 'not known'}</dd>
          </div>`,
      )}
    </dl>`,
    settingsDetails(id, suffix, clientSettings(rows)),
    details('Kernel settings', `${id}-sysctls`, suffix, of.sysctls),
    details('Libraries', `${id}-libraries`, suffix, of.libraries),
  ]);
}

function importItems({ imported }: HeaderRecord): readonly (readonly [string, string])[] {
  return imported === undefined ? [] : [['imported from', `${imported.tool}, ${imported.file}`]];
}

function placeOf(modes: readonly ('host' | 'lab')[]): string | null {
  if (modes.length === 0) return null;
  if (modes.every((mode) => mode === 'lab')) return 'a lab: two hosts joined by an emulated link';
  return modes.includes('lab') ? 'some trials in a lab, some in host mode' : 'host mode: the loopback interface';
}

function joinedText(parts: readonly (string | null)[]): string | null {
  return parts.filter((part) => part !== null).join(', ') || null;
}

function limit(value: number | string | null): string {
  return value === null ? 'not known' : typeof value === 'number' ? count(value) : value;
}

/** What the clients went by, as it was read from them; null where none says it. */
function settingsDetails(id: string, suffix: string, settings: readonly ClientSetting[]): Content {
  if (settings.length === 0) return null;
  const rows = settings.flatMap(({ client, name, values }) =>
    values.map(({ value, labels }) => ({ client, name, value, labels: values.length === 1 ? [] : labels })),
  );
  return html`<details>
    <summary>Settings of the clients</summary>
    ${table(
      { id: `${id}-settings`, caption: 'Settings of the clients', suffix },
      [
        { heading: 'client', kind: 'text', cell: ({ client }) => client },
        { heading: 'setting', kind: 'text', cell: ({ name }) => name },
        { heading: 'value', kind: 'text', cell: ({ value }) => settingText(value) },
        {
          heading: 'where',
          kind: 'text',
          cell: ({ labels }) =>
            labels.length === 0 ? 'everywhere' : labels.map((label) => labelText(label)).join('; '),
        },
      ],
      rows,
    )}
  </details>`;
}

/** Null where there is nothing to show. */
function details(title: string, id: string, suffix: string, of: Readonly<Record<string, string | null>>): Content {
  const entries = Object.entries(of);
  if (entries.length === 0) return null;
  return html`<details>
    <summary>${title}</summary>
    ${table(
      { id, caption: title, suffix },
      [
        { heading: 'name', kind: 'text', cell: ([name]) => name },
        { heading: 'value', kind: 'text', cell: ([, value]) => value },
      ],
      entries,
    )}
  </details>`;
}

/** The scenario with every setting of the run is JSON, which is YAML: saved, it can be run as it is. */
export function redoSection({ level, id, results }: RunView): Markup | null {
  const { header, trials } = results;
  const { scenario } = header;
  if (header.imported !== undefined) return null;
  const file = `${/^[\w.-]{1,80}$/.test(scenario.name) ? scenario.name : 'scenario'}.yaml`;
  return section(level, `${id}-redo`, 'How to redo it', [
    html`<p>Save the scenario below, which has every setting of this run, as <code>${file}</code>. Then:</p>
      <pre class="command" tabindex="0"><code>${listing(commandLine(header, file))}</code></pre>
      <p class="quiet">
        ${plural(header.variants.length, 'variant')}, ${plural(header.blocks, 'block')}, ${count(trials.length)} of
        ${plural(header.trials.length, 'planned trial')} done, seed ${String(header.seed)}. The seed fixes the order of
        the trials and every random choice; the figures differ as one measurement differs from the next.
      </p>
      <details>
        <summary>The scenario, complete</summary>
        <pre tabindex="0"><code>${listing(JSON.stringify(scenario.document, null, 2))}</code></pre>
      </details>`,
  ]);
}

function commandLine({ seed, blocks, variants, scenario }: HeaderRecord, file: string): string {
  const only =
    variants.length < plannedVariants(scenario.document) ? variants.map(({ name }) => ` --only ${quoted(name)}`) : [];
  return `connbench run ${file} --blocks ${blocks} --seed ${seed}${only.join('')}`;
}

/** Combinations of the axes. */
function plannedVariants({ axes }: HeaderRecord['scenario']['document']): number {
  if (typeof axes !== 'object' || axes === null) return 1;
  return Object.values(axes).reduce<number>((product, axis: unknown) => {
    if (typeof axis !== 'object' || axis === null) return product;
    // The length of a list, or the number of names.
    return product * Math.max(1, Object.keys(axis).length);
  }, 1);
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return /^[\w./=:,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
