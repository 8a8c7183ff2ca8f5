// The truth benchmark's table: measured quantiles over their errors, in 80 columns.
import { comparedQuantiles, deviation, isTrue } from '../truth/quantiles.ts';

const labelWidth = 20;
const columnWidth = 15;

function ms(valueNs) {
  return valueNs === null ? '-' : (valueNs / 1e6).toFixed(3);
}

/** `+0.061 +30 %`; a relative error beyond tenfold as a factor. */
function errorText(measuredNs, truthNs) {
  if (measuredNs === null) return '';
  const { absolute, relative } = deviation(measuredNs, truthNs);
  const sign = absolute < 0 ? '-' : '+';
  const size = Math.abs(absolute) / 1e6;
  const percent = Math.abs(relative) * 100;
  const share =
    relative > 9
      ? `x${Math.round(relative + 1).toLocaleString('en')}`
      : `${sign}${percent.toFixed(percent < 10 ? 1 : 0)}%`;
  return `${sign}${size.toFixed(size < 100 ? 3 : 1)} ${share}`;
}

function row(label, cells) {
  return label.padEnd(labelWidth) + cells.map((cell) => cell.padStart(columnWidth)).join('');
}

function values(label, quantilesNs) {
  return row(label, quantilesNs.map(ms));
}

function errors(label, quantilesNs, truthNs) {
  return row(
    label,
    quantilesNs.map((value, index) => errorText(value, truthNs[index])),
  );
}

const perSecond = (rate) => `${Math.round(rate).toLocaleString('en')}/s`;

/** Rows of the program under one arrival process. */
function ownRows({ arrivals, quantilesNs, truthNs, byLogNs, latenessNs, lagNs, trouble }) {
  const name = `connbench ${arrivals}`;
  const notes = trouble.map((text) => `  ! ${text}`);
  if (truthNs === null)
    return [values(name, quantilesNs), '  ! not every planned request came, so its truth is unknown', ...notes];
  return [
    values(`truth, ${arrivals}`, truthNs),
    values(name, quantilesNs),
    errors('  error', quantilesNs, truthNs),
    values("  by the server's log", byLogNs),
    errors('  error', quantilesNs, byLogNs),
    values('  (its own lag)', lagNs),
    values('  (server was late)', latenessNs),
    ...notes,
  ];
}

function rivalRows({ name, quantilesNs, sentPerSecond, ofItsRequestsNs }, truth) {
  return [
    values(name, quantilesNs),
    errors('  error', quantilesNs, truth),
    values(`  sent ${perSecond(sentPerSecond)}`, ofItsRequestsNs),
  ];
}

export function printCase({ each, ratePerSecond, ours, truth, theirs }) {
  const headings = comparedQuantiles.map((p) => `p${String(p * 100)}`);
  const lines = [
    '',
    `${each.name}: ${each.title}; ${perSecond(ratePerSecond)} for ${each.seconds} s, 32 connections; ms`,
    row('', headings),
    ...ours.flatMap(ownRows),
    values('truth, constant', truth),
    ...theirs.flatMap((run) => rivalRows(run, truth)),
  ];
  console.log(lines.join('\n'));
}

/** What is to be read in the rows, and how many of our figures are true. */
export function printSummary({ own, rivals, absent }) {
  console.log(`
truth          by the plan: intended arrivals through the freezes and 32 connections, with machines that cost nothing
server's log   from the intended start to the answer as the server gave it, return way excluded
sent           how many the tool really sent, and the truth of just those from their arrival at the server
connbench      from the intended start, whether or not a connection was free`);
  for (const { name, measures } of rivals) console.log(`${name.padEnd(15)}${measures}`);
  if (absent.length > 0) console.log(`absent         ${absent.join(', ')}`);
  console.log('');
  printVerdict('the plan', own, ({ truthNs }) => truthNs);
  printVerdict("the server's log", own, ({ byLogNs }) => byLogNs);
}

function printVerdict(what, own, truthOf) {
  const off = own.flatMap((run) => {
    const truth = truthOf(run);
    const name = `${run.name} ${perSecond(run.ratePerSecond)} ${run.arrivals}`;
    if (truth === null) return [`${name}: unknown`];
    return comparedQuantiles.flatMap((p, index) =>
      isTrue(run.quantilesNs[index], truth[index])
        ? []
        : [`${name} p${p * 100}: ${errorText(run.quantilesNs[index], truth[index])}`],
    );
  });
  const all = own.length * comparedQuantiles.length;
  const verdict = `connbench: ${all - off.length} of ${all} figures within 2 % or 0.1 ms of ${what}`;
  console.log([`${verdict}${off.length > 0 ? '; not these (ms):' : ''}`, ...off.map((text) => `  ${text}`)].join('\n'));
}
