/** A trend as GitHub Markdown for a job summary or an issue: the answer first, and never more than 60 kB. */
import type { TrendDocument } from '../compare/trend-document.ts';
import { BoundedPage } from './bounded-page.ts';
import { metricName } from './html/metric-words.ts';
import { row, tableHead } from './markdown-table.ts';
import { code, prose } from './markdown-text.ts';
import { markdownLimitBytes } from './markdown.ts';
import {
  changeNotes,
  changeRows,
  dayText,
  directionText,
  labelText,
  magnitudeText,
  pText,
  ratiosText,
  ruleText,
  trendAnswer,
  type ChangeRow,
} from './trend-words.ts';

/** Room for the answer, and for what comes after the table. */
const answerBytes = 25_000;
const endBytes = 12_000;

/** Ends in a line feed. */
export function renderTrendMarkdown(document: TrendDocument): string {
  const { outcome, sentences } = trendAnswer(document);
  const [first = '', ...rest] = sentences;
  const title = { worse: 'something got worse', steady: 'nothing got worse', 'too short': 'too short yet' }[outcome];
  const page = new BoundedPage();
  page.allow(answerBytes);
  page.add([`## connbench trend: ${title}`, '', `**${prose(first)}**`]);
  page.addPart({ head: [''], tail: [], items: rest.map((text) => [`- ${prose(text)}`]), noun: 'sentence' });
  const rows = changeRows(document);
  page.allow(markdownLimitBytes - answerBytes - endBytes);
  const head = ['', ...tableHead(['when', 'what', 'metric', 'variant', 'control', 'before -> after', 'change', 'p'])];
  page.addPart({ head, tail: [], items: rows.map((one) => [changeLine(one)]), noun: 'change' });
  page.allow(endBytes - 1000);
  const notes = [...new Set(rows.flatMap((one) => changeNotes(one).map((note) => `${dayText(one.run)}: ${note}`)))];
  page.addPart({ head: [''], tail: [], items: notes.map((note) => [`- ${prose(note, 400)}`]), noun: 'note' });
  page.allow(1000);
  const leftOut = page.leftOut();
  if (leftOut !== null) page.add(['', `Left out here: ${leftOut}.`]);
  page.add(['', `<sub>${prose(ruleText(document))}</sub>`]);
  return page.text();
}

function changeLine({ run, series, change }: ChangeRow): string {
  return row([
    dayText(run),
    code(labelText(run), 60),
    prose(metricName(series.metric), 80),
    code(series.variant),
    code(series.control),
    prose(ratiosText(change)),
    `${magnitudeText(change)} ${change.recent && change.worse ? '**worse**' : directionText(change)}`,
    prose(pText(change.p)),
  ]);
}
