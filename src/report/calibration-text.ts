/** A calibration as text for a terminal, and as JSON: a table, how often the machine cries wolf, and which margins it can hold. */
import type { CalibratedMetric, CalibrationDocument, Rate } from '../compare/calibration.ts';
import { twinNames } from '../compare/calibration-plan.ts';
import { significant } from './format.ts';
import { listed, percent, plural } from '../compare/words.ts';
import { metricText } from './metric-text.ts';
import { painter, type Paint } from './paint.ts';
import { printable, printableJson } from './printable.ts';
import type { TerminalOptions } from './terminal.ts';
import { wrap } from './wrap.ts';

const leastWidth = 60;
const mostProseWidth = 100;
/** Of the test that p-values are uniform: below it they are said not to be. */
const uniformityAlpha = 0.01;

/** Indented JSON that ends in a line feed; safe on a terminal too. */
export function renderCalibrationJson(document: CalibrationDocument): string {
  return `${printableJson(JSON.stringify(document, null, 2))}\n`;
}

/** Ends in a line feed. Prose is as wide as the terminal at most; the table needs 80 columns. */
export function renderCalibration(document: CalibrationDocument, options: TerminalOptions): string {
  const paint = painter(options.colour);
  const width = Math.min(mostProseWidth, Math.max(leastWidth, options.width));
  const paragraph = (text: string, indent = '  '): string =>
    wrap(text, width, { first: indent, rest: indent }).join('\n');
  const section = (title: string, sentences: readonly string[]): string =>
    sentences.length === 0 ? '' : [paint.bold(title), ...sentences.map((sentence) => paragraph(sentence))].join('\n');
  const known = document.metrics.filter(({ sessions }) => sessions.length > 0);
  const head = [paint.bold(printable(document.scenario, 120))];
  if (document.question !== null) head.push(paragraph(printable(document.question, 1000), ''));
  const sections = [
    head.join('\n'),
    known.length === 0 ? '' : `${tableOf(known, paint)}\n${paint.dim(paragraph(legend(document), ''))}`,
    section('Answer', answer(document, known)),
    section('Sensitivity', sensitivity(known)),
    section('Notes', notes(document)),
  ];
  return `${sections.filter((text) => text !== '').join('\n\n')}\n`;
}

const headings: readonly (readonly [string, string])[] = [
  ['', 'metric'],
  ['', 'median'],
  ['p <', '0.05'],
  ['beyond', 'margin'],
  ['off by', '(95 %)'],
  ['advised', 'margin'],
  ['smallest', 'change'],
];

function tableOf(metrics: readonly CalibratedMetric[], paint: Paint): string {
  const rows = [headings.map(([first]) => first), headings.map(([, second]) => second), ...metrics.map(cells)];
  const widths = headings.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
  return lines.map((line, index) => (index < 2 ? paint.bold(line) : line)).join('\n');
}

function cells(metric: CalibratedMetric): readonly string[] {
  const { falseAlarms, value, unit, spread, recommendedMargin, smallestDetectable } = metric;
  const share = (figure: number | null): string => (figure === null ? '-' : roundedPercent(figure));
  return [
    printable(metric.metric, 60),
    value === null ? '-' : metricText(value, unit),
    fraction(falseAlarms.test),
    fraction(falseAlarms.margin),
    share(spread),
    share(recommendedMargin),
    share(smallestDetectable),
  ];
}

function fraction({ count, of }: Rate): string {
  return `${count}/${of}`;
}

/** Two digits: what is estimated from a few sessions has no more. */
function roundedPercent(share: number): string {
  return `${Number((share * 100).toPrecision(2))} %`;
}

function legend({ blocks, metrics }: CalibrationDocument): string {
  const margins = listed([...new Set(metrics.map(({ margin }) => percent(margin)))]);
  return (
    `False alarms are sessions of ${blocks} blocks that tell ${twinNames.twin} from ${twinNames.base} though they are the same: by the ` +
    `signed-rank test (p < 0.05), and by a verdict beyond the margin (${margins}). Off by: 95 of 100 sessions are closer to the ` +
    `truth. Smallest change: found by 4 of 5 such sessions.`
  );
}

function answer(document: CalibrationDocument, known: readonly CalibratedMetric[]): readonly string[] {
  if (known.length === 0) {
    return [
      `Nothing can be said: of ${plural(document.sessions.planned, 'session')} none is complete with enough valid blocks.`,
    ];
  }
  const gates = known.flatMap(({ metric, recommendedMargin }) =>
    recommendedMargin === null ? [] : [`--gate ${shortName(metric)}:${Number((recommendedMargin * 100).toFixed(0))}%`],
  );
  return [
    wolfSentence(document, known),
    marginSentence(known),
    `Margins that this machine can hold with ${plural(document.blocks, 'block')}: ${gates.join(' ')}.`,
  ];
}

function wolfSentence({ criesWolf, tolerableRate }: CalibrationDocument, known: readonly CalibratedMetric[]): string {
  const worst = known.reduce((most, metric) =>
    metric.falseAlarms.test.count > most.falseAlarms.test.count ? metric : most,
  );
  const { test } = worst.falseAlarms;
  const rate = test.count === 0 ? rateText(test) : `${rateText(test)} with ${worst.metric}`;
  if (criesWolf.length === 0) {
    const most = test.count === 0 ? '' : 'at most ';
    return `By the test this machine saw a change where there is none in ${most}${rate}. A sound test does so in 5 % of sessions or fewer; that this one does in more than ${percent(tolerableRate)} is not shown.`;
  }
  return `This machine cries wolf: by the test it saw a change where there is none in ${rate}, surely more than ${percent(tolerableRate)} (${listed(criesWolf)}). Something changes within the blocks: other programs, a clock that is throttled, a warm-up that is too short.`;
}

function marginSentence(known: readonly CalibratedMetric[]): string {
  const worst = known.reduce((most, metric) =>
    metric.falseAlarms.margin.count > most.falseAlarms.margin.count ? metric : most,
  );
  const { margin } = worst.falseAlarms;
  if (margin.count === 0) return `No verdict went beyond its margin: ${rateText(margin)}.`;
  return `A verdict went beyond its margin in at most ${rateText(margin)}, with ${worst.metric} at ${percent(worst.margin)}.`;
}

/** `1 of 20 sessions (5 %; 0.13 % to 25 % with a confidence of 95 %)`. */
function rateText({ count, of, interval }: Rate): string {
  const share = of === 0 ? '' : `${roundedPercent(count / of)}; `;
  return `${count} of ${plural(of, 'session')} (${share}${roundedPercent(interval.low)} to ${roundedPercent(interval.high)} with a confidence of 95 %)`;
}

/** As a gate may be written. */
function shortName(metric: string): string {
  return metric.replace(/^latency\.response\.(?=p\d)/, '').replace(/^throughput\.achievedPerSecond$/, 'throughput');
}

function sensitivity(known: readonly CalibratedMetric[]): readonly string[] {
  return known
    .filter(({ metric }) => metric.startsWith('latency.response.'))
    .flatMap(({ metric, margin, injected, falseAlarms }) => {
      if (injected === null) return [];
      const ratio = injected.ratio === null ? '' : ` (median ratio ${significant(injected.ratio)})`;
      return [
        `${metric}: ${twinNames.slower}${ratio} was called a regression beyond ${percent(margin)} in ${rateText(injected.regression)}, ` +
          `its twin ${twinNames.twin} in ${falseAlarms.regression.count} of ${falseAlarms.regression.of}.`,
      ];
    });
}

function notes({ metrics, sessions, invalidTrials }: CalibrationDocument): readonly string[] {
  const odd = metrics.filter(({ uniformity }) => uniformity !== null && uniformity.p < uniformityAlpha);
  const absent = metrics.filter(({ reason }) => reason !== null);
  const left = sessions.planned - sessions.used;
  return [
    ...(left === 0
      ? []
      : [`${plural(left, 'session')} of ${sessions.planned} left out: not finished, or too few valid blocks.`]),
    ...(invalidTrials === 0
      ? []
      : [`${plural(invalidTrials, 'invalid trial')}: their blocks are left out on all sides.`]),
    ...odd.map(
      ({ metric, uniformity }) =>
        `The p-values of ${printable(metric, 60)} are not spread evenly (Kolmogorov-Smirnov p ${significant(uniformity!.p)}), as those of a sound test are where nothing differs.`,
    ),
    ...absent.map(({ metric, reason }) => `${printable(metric, 60)}: ${printable(reason ?? '')}.`),
  ];
}
