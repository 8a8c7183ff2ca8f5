/** Gates and claims with their outcome, errors, warnings, invalid trials, and how the counts agree. */
import type { GateResult } from '../../compare/document.ts';
import type { ReconciliationRecord } from '../../results/record.ts';
import { failureKinds, type FailureKind } from '../errors.ts';
import { claimLines } from '../expectations.ts';
import { count } from '../format.ts';
import { percent, plural } from '../../compare/words.ts';
import { lost, type VariantFigures } from '../variant-figures.ts';
import { adviceFor, type GatheredWarning, type InvalidTrial } from '../warnings.ts';
import { badge, section, type Tone } from './frame.ts';
import { html, type Content, type Markup } from './markup.ts';
import { metricName } from './metric-words.ts';
import { table, type TableColumn } from './table.ts';
import { labelText, type HeadingLevel, type RunView } from './view.ts';
import { warningNotes } from './warning-notes.ts';

/** The gravest first; what is not named here comes last. */
const gravity = ['failed', 'refuted', 'worse', 'inconclusive', 'open', 'not decided'];

/** `1 failed, 2 passed`. */
export function tally(outcomes: readonly string[]): string {
  const rank = (kind: string): number => (gravity.includes(kind) ? gravity.indexOf(kind) : gravity.length);
  const kinds = [...new Set(outcomes)].toSorted((a, b) => rank(a) - rank(b));
  return kinds.map((kind) => `${count(outcomes.filter((one) => one === kind).length)} ${kind}`).join(', ');
}

const gateTones: Readonly<Record<GateResult['outcome'], Tone>> = {
  passed: 'good',
  failed: 'bad',
  inconclusive: 'unsure',
};

export function gatesSection(
  level: HeadingLevel,
  id: string,
  suffix: string,
  gates: readonly GateResult[],
): Markup | null {
  if (gates.length === 0) return null;
  const columns: readonly TableColumn<GateResult>[] = [
    { heading: 'gate', kind: 'text', cell: ({ metric, margin }) => `${metricName(metric)}, ${percent(margin)}` },
    { heading: 'outcome', kind: 'text', cell: ({ outcome }) => badge(gateTones[outcome], outcome) },
    { heading: 'pair', kind: 'text', cell: ({ pair }) => labelText(pair) },
    { heading: 'why', kind: 'text', cell: ({ reason }) => reason },
  ];
  const sorted = (['failed', 'inconclusive', 'passed'] as const).flatMap((outcome) =>
    gates.filter((gate) => gate.outcome === outcome),
  );
  return section(level, `${id}-gates`, 'Gates', [
    table({ id: `${id}-gates-table`, caption: 'Gates, the failed ones first', suffix }, columns, sorted),
  ]);
}

const claimTones = { confirmed: 'good', refuted: 'bad', 'not decided': 'unsure' } as const;

export function claimsSection({ level, id, claims }: RunView): Markup | null {
  const items = claims.map((claim) => {
    const [, ...lines] = claimLines(claim);
    return html`<li>
      ${badge(claimTones[claim.outcome], claim.outcome)} <b>${claim.expectation.claim}</b>
      <ul class="cases">
        ${lines.map((line) => html`<li>${line}</li>`)}
      </ul>
    </li>`;
  });
  return section(
    level,
    `${id}-claims`,
    'Claims of the scenario',
    items.length === 0
      ? []
      : [
          html`<ul class="claims">
            ${items}
          </ul>`,
        ],
  );
}

export function errorsSection({ level, id, suffix, rows }: RunView): Markup | null {
  const kinds = failureKinds(rows);
  const columns: readonly TableColumn<FailureKind>[] = [
    { heading: 'variant', kind: 'text', cell: ({ variant }) => labelText(variant) },
    { heading: 'error', kind: 'text', cell: ({ code }) => labelText(code) },
    {
      heading: 'while',
      kind: 'text',
      cell: ({ phase }) => (phase === 'queue' ? 'waiting for a connection' : labelText(phase)),
    },
    {
      heading: 'connection',
      kind: 'text',
      cell: ({ phase, reused }) => (phase === 'queue' || reused === null ? null : reused ? 'reused' : 'new'),
    },
    { heading: 'requests', kind: 'number', cell: (kind) => count(kind.count) },
  ];
  const caption = 'Failures, the most frequent first';
  return section(level, `${id}-errors`, 'Errors', [
    kinds.length === 0 ? null : table({ id: `${id}-errors-table`, caption, suffix }, columns, kinds),
    lostWithoutError(rows),
  ]);
}

/** Variants listed that dropped requests. */
const mostLines = 50;

function lostWithoutError(rows: readonly VariantFigures[]): Content {
  const lines = rows.flatMap(({ variant, losses }) => {
    if (losses === null || lost(losses) === losses.failed) return [];
    return [`${labelText(variant.name)}: ${count(losses.dropped)} dropped, ${count(losses.abandoned)} abandoned.`];
  });
  return lines.length === 0
    ? null
    : html`<ul>
        ${lines.slice(0, mostLines).map((line) => html`<li>${line}</li>`)}
      </ul>`;
}

/** Cases shown per warning. */
const mostCases = 8;

export function warningsSection({ level, id, warnings, results }: RunView): Markup | null {
  const items = warnings.map((warning) => warningItem(warning, results.trials.length));
  return section(
    level,
    `${id}-warnings`,
    'Warnings',
    items.length === 0
      ? []
      : [
          html`<ul class="warnings">
            ${items}
          </ul>`,
        ],
  );
}

function warningItem({ code, advice, cases }: GatheredWarning, trials: number): Markup {
  const shown = cases.slice(0, mostCases);
  const rest = cases.length - shown.length;
  return html`<li>
    <p><b>${labelText(code)}</b> in ${count(cases.length)} of ${plural(trials, 'trial')}. ${advice}</p>
    <details>
      <summary>Where: ${labelText(code)}</summary>
      <ul>
        ${shown.map(({ variant, block, message }) => html`<li>${labelText(variant)}, block ${block + 1}: ${message}</li>`)}
        ${rest > 0 ? html`<li>and ${plural(rest, 'more trial')}</li>` : null}
      </ul>
    </details>
  </li>`;
}

export function invalidSection({ level, id, suffix, invalid }: RunView): Markup | null {
  if (invalid.length === 0) return null;
  const columns: readonly TableColumn<InvalidTrial>[] = [
    { heading: 'variant', kind: 'text', cell: ({ variant }) => labelText(variant) },
    { heading: 'block', kind: 'number', cell: ({ block }) => count(block + 1) },
    {
      heading: 'why',
      kind: 'text',
      cell: ({ reasons }) =>
        reasons.map(({ code, message }) => `${code}: ${message}`).join('; ') || 'no reason recorded',
    },
  ];
  return section(level, `${id}-invalid`, 'Invalid trials', [
    html`<p>Their figures are in no median and no comparison, unless a variant has no other.</p>`,
    table({ id: `${id}-invalid-table`, caption: 'Invalid trials', suffix }, columns, invalid),
    html`<ul>
      ${adviceFor(invalid).map((text) => html`<li>${text}</li>`)}
    </ul>`,
  ]);
}

interface CountSummary {
  readonly name: string;
  readonly agree: number;
  readonly disagree: number;
  readonly unknown: number;
  readonly example: string | null;
}

export function reconciliationSection(view: RunView): Markup | null {
  const { level, id, suffix } = view;
  const summaries = countSummaries(view);
  if (summaries.length === 0) return null;
  const columns: readonly TableColumn<CountSummary>[] = [
    { heading: 'count', kind: 'text', cell: ({ name }) => labelText(name) },
    { heading: 'agree', unit: 'trials', kind: 'number', cell: ({ agree }) => count(agree) },
    {
      heading: 'disagree',
      unit: 'trials',
      kind: 'number',
      cell: ({ disagree }) => (disagree === 0 ? '0' : html`<span class="bad">${count(disagree)}</span>`),
    },
    { heading: 'not compared', unit: 'trials', kind: 'number', cell: ({ unknown }) => count(unknown) },
    { heading: 'first disagreement', kind: 'text', cell: ({ example }) => example },
  ];
  return section(level, `${id}-reconciliation`, 'Do the counts agree?', [
    html`<p>Client, server, both kernels and the wire count the same events independently.</p>`,
    warningNotes(view, 'reconciliation'),
    table({ id: `${id}-reconciliation-table`, caption: 'Counts compared, by trial', suffix }, columns, summaries),
  ]);
}

function countSummaries({ results }: RunView): readonly CountSummary[] {
  const byName = new Map<string, CountSummary>();
  for (const { variant, block, reconciliation } of results.trials) {
    for (const row of reconciliation) {
      const { agree, disagree, unknown, example } = byName.get(row.name) ?? {
        agree: 0,
        disagree: 0,
        unknown: 0,
        example: null,
      };
      byName.set(row.name, {
        name: row.name,
        agree: agree + (row.ok === true ? 1 : 0),
        disagree: disagree + (row.ok === false ? 1 : 0),
        unknown: unknown + (row.ok === null ? 1 : 0),
        example: example ?? (row.ok === false ? `${labelText(variant)}, block ${block + 1}: ${counts(row)}` : null),
      });
    }
  }
  return [...byName.values()];
}

function counts({ client, server, kernel, wire, note }: ReconciliationRecord): string {
  const known = Object.entries({ client, server, kernel, wire }).filter(([, value]) => value !== null);
  return `${known.map(([name, value]) => `${name} ${String(value)}`).join(', ')}${note === null ? '' : ` (${note})`}`;
}
