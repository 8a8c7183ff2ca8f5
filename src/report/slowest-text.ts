/** The slowest requests of one variant for a terminal: a table per trial with where the time went, and what happened on each connection. */
import { plural } from '../compare/words.ts';
import type { TrialRecord } from '../results/record.ts';
import type { SlowRequestRecord } from '../results/slowest-record.ts';
import { significant } from './format.ts';
import { painter, type Paint } from './paint.ts';
import { printable } from './printable.ts';
import type { TerminalOptions } from './terminal.ts';
import { displayWidth, wrap } from './wrap.ts';

const leastWidth = 60;
const mostProseWidth = 100;
/** Columns between two figures. */
const gap = 1;

interface Column {
  readonly heading: string;
  readonly text: (request: SlowRequestRecord) => string;
}

/** The phases, in the order in which a request goes through them. */
export const slowPhases = [
  ['lag', 'lag'],
  ['connectionWait', 'wait'],
  ['connect', 'connect'],
  ['tls', 'tls'],
  ['firstByte', '1st byte'],
  ['download', 'download'],
] as const satisfies readonly (readonly [keyof SlowRequestRecord['phasesNs'], string])[];

const allColumns: readonly Column[] = [
  { heading: 'due s', text: ({ dueMs }) => (dueMs / 1000).toFixed(3) },
  { heading: 'ms', text: responseText },
  ...slowPhases.map(([phase, heading]): Column => {
    return { heading, text: ({ phasesNs }) => phaseText(phasesNs[phase] ?? 0) };
  }),
];

/** Milliseconds; of a request without an answer what was waited, which is a lower bound. */
export function responseText({ responseNs, status }: SlowRequestRecord): string {
  return `${status === null ? '>=' : ''}${significant(responseNs / 1e6)}`;
}

/** Milliseconds, or a dot for a phase that took no time, as one that was not gone through. */
export function phaseText(ns: number): string {
  return ns === 0 ? '·' : significant(ns / 1e6);
}

/** The trials of one variant in the order of their blocks; those without such a list are named. Ends in a line feed. */
export function renderSlowest(variant: string, trials: readonly TrialRecord[], options: TerminalOptions): string {
  const width = Math.max(leastWidth, options.width);
  const paint = painter(options.colour);
  const own = trials.filter((trial) => trial.variant === variant).toSorted((a, b) => a.block - b.block);
  const title = `Slowest requests of ${printable(variant, 200)}`;
  const legend =
    'Times in ms. ms: response time, from the moment the request was due; the columns after it add up to it: lag of the generator, ' +
    'waiting for a connection, connecting, from writing to the first byte, download. >= had no answer by then. use: of the connection, 1 is its first; age: ' +
    'of the connection when the request got it.';
  return `${[
    paint.bold(wrap(title, width).join('\n')),
    paint.dim(wrap(legend, Math.min(width, mostProseWidth)).join('\n')),
    ...(own.length === 0 ? ['No trial of it was finished.'] : own.map((trial) => trialText(trial, width, paint))),
  ].join('\n')}\n`;
}

function trialText(trial: TrialRecord, width: number, paint: Paint): string {
  const { slowest = [], block, valid } = trial;
  const heading = `Block ${block + 1}${valid ? '' : ', invalid'}`;
  if (slowest.length === 0) return `\n${heading}: no request is recorded.`;
  const columns = allColumns.filter(
    ({ heading: name }) => name !== 'tls' || slowest.some(({ phasesNs }) => phasesNs.tls),
  );
  const widths = columns.map(({ heading: name, text }) =>
    Math.max(displayWidth(name), ...slowest.map((request) => displayWidth(text(request)))),
  );
  const line = (texts: readonly string[]): string =>
    texts.map((text, at) => ' '.repeat(widths[at]! - displayWidth(text)) + text).join(' '.repeat(gap));
  const used = widths.reduce((sum, one) => sum + one + gap, 0);
  const room = width - used;
  // Where a story does not fit beside the figures it stands below them.
  const beside = room >= 24;
  const rule = paint.dim('─'.repeat(beside ? width : used - gap));
  const rows = slowest.map((request) => {
    const figures = line(columns.map(({ text }) => text(request)));
    const story = wrap(storyText(request), beside ? room : width, { first: '', rest: '' });
    const [first = '', ...rest] = story;
    const text = beside
      ? [`${figures} ${first}`, ...rest.map((more) => ' '.repeat(used) + more)]
      : [figures, ...wrap(storyText(request), width, { first: '    ', rest: '    ' })];
    const lines = text.map((one) => one.trimEnd()).join('\n');
    return request.status === null ? paint.yellow(lines) : lines;
  });
  const names = line(columns.map(({ heading: name }) => name));
  const head = paint.bold(beside ? `${names} what happened` : names);
  const count = plural(slowest.length, 'request');
  return [`\n${heading}, the slowest ${count}`, head, rule, ...rows].join('\n');
}

/** What happened to a request and on its connection, in words; safe to print. */
export function storyText({ user, status, code, connection }: SlowRequestRecord): string {
  const result = code === null ? (status === null || status < 400 ? null : `status ${status}`) : printable(code, 60);
  const parts = [
    result,
    originText(connection),
    fateText(connection.fate, code),
    user === null ? null : `user ${user}`,
  ];
  return parts.filter((part) => part !== null).join(', ');
}

function originText({ origin, use, ageMs, idleMs }: SlowRequestRecord['connection']): string {
  const idle = idleMs === null ? '' : ` after ${significant(idleMs)} ms idle`;
  const of = use === null ? '' : `, use ${use}`;
  const old = ageMs === null ? '' : `, age ${significant(ageMs)} ms`;
  switch (origin) {
    case 'opened':
      return 'opened for it';
    case 'reused':
      return `reused${idle}${of}${old}`;
    case 'handedOver':
      return `taken over at once${of}${old}`;
    case 'pipelined':
      return `sent behind others${of}${old}`;
    case 'openedAhead':
      return `opened ahead of it${idle}`;
    case 'none':
      return 'never had a connection';
    default:
      return printable(origin, 40);
  }
}

/** Null where there is nothing to add to the result. */
function fateText(fate: string, code: string | null): string | null {
  switch (fate) {
    case 'kept':
    case 'none':
      return null;
    case 'closing':
      return 'closed after it';
    case 'serverClosed':
      return 'the server closed it';
    case 'reset':
      return 'reset';
    case 'timeout':
      return code === 'RESPONSE_TIMEOUT' ? null : 'closed by the timeout';
    case 'error':
      return 'broken';
    case 'unfinished':
      return 'still at work at the end';
    default:
      return printable(fate, 40);
  }
}
