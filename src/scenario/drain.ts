/** How a bundled server hands over to its successor, in the scenario format and resolved: the policy `server.drain`. */
import type { z } from 'zod';
import type { BrokenRule } from './broken-rule.ts';
import { choice, duration, knobs } from './knobs.ts';
import { durationMs } from './quantities.ts';

/** What becomes of the old server's connections while it leaves. Whatever it is: at the deadline those that are left are closed. */
export const drainStyles = [
  'stop-accepting', // nothing: clients and timeouts end them (`server.close()` before Node 19)
  'close', // idle ones at once, the others live on (`server.close()` since Node 19)
  'close-idle', // idle ones at once, the others with their next answer, which says `Connection: close`
  'connection-close', // each with its next answer, which says `Connection: close`
  'close-all', // all at once, in the middle of a request, too (`server.closeAllConnections()`, the end of the process)
] as const;
export type DrainStyle = (typeof drainStyles)[number];

export interface DrainConfig {
  /** Since the start of measure. */
  readonly atMs: number;
  readonly style: DrainStyle;
  /** Since the drain began. */
  readonly deadlineMs: number;
}

const aDay = { max: 24 * 3600 * 1000, because: 'a day is the longest time that connbench counts' } as const;

export const drainMap = knobs({
  at: duration({ description: 'When it begins, from the start of measure.', ...aDay }),
  style: choice({
    description:
      'What becomes of the connections of the old server. stop-accepting: nothing. close: idle ones are closed at once, the others go on as before, as with server.close() of Node 19 and later. close-idle: idle ones are closed at once, the others after their next answer. connection-close: every one is closed after its next answer, and idle ones stay until there is one. close-all: all are closed at once, whatever they are doing.',
    words: drainStyles,
  }),
  deadline: duration({
    description: 'After how long the connections that are left are closed, whatever they are doing.',
    min: 1,
    ...aDay,
  }),
});

export interface FilledDrain {
  readonly at: string;
  /** Empty where it is missing, which breaks a rule. */
  readonly style: DrainStyle | '';
  readonly deadline: string;
}

export function fillDrain({ at = '1s', style, deadline = '10s' }: z.output<typeof drainMap>): FilledDrain {
  return { at, style: style ?? '', deadline };
}

export function resolveDrain({ at, style, deadline }: FilledDrain): DrainConfig {
  if (style === '') throw new Error('unchecked configuration: a drain without a style');
  return { atMs: durationMs(at), style, deadlineMs: durationMs(deadline) };
}

/** The rules of a drain that a variant breaks; `measure`: how long that is. */
export function drainRules(drain: FilledDrain | undefined, measure: string): readonly BrokenRule[] {
  if (drain === undefined) return [];
  const { at, style } = drain;
  const broken: BrokenRule[] = [];
  if (style === '') {
    const message = 'needs a style, such as style: close-idle';
    broken.push({ rule: 'drain-style', paths: ['server.drain'], message });
  }
  if (durationMs(at) >= durationMs(measure)) {
    const message = `begins ${at} after the start of measure, which is over after ${measure}: drain earlier, or measure longer`;
    broken.push({ rule: 'drain-at', paths: ['server.drain.at', 'load.duration'], message });
  }
  return broken;
}
