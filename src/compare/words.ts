/** Figures inside the sentences of a comparison: three significant digits. Text of files comes as it is; whoever shows it makes it safe. */
import type { MetricUnit } from '../scenario/metrics.ts';
import type { Interval } from '../stats/signed-rank.ts';

/** Three significant digits, without trailing zeros and without an exponent for everyday sizes: 1.2, 0.0521, 21,990. */
export function figure(value: number): string {
  const [whole = '', fraction] = String(Number(value.toPrecision(Math.abs(value) >= 100 ? 6 : 3))).split('.');
  const grouped = /^-?\d+$/.test(whole) ? whole.replaceAll(/\B(?=(\d{3})+$)/g, ',') : whole;
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** A ratio with three significant digits: 1.00, 0.0521, 140. */
export function times(ratio: number): string {
  return ratio >= 100 || ratio < 1e-4 ? figure(ratio) : ratio.toPrecision(3);
}

/** A share of one in percent: `5 %`. */
export function percent(share: number): string {
  return `${figure(share * 100)} %`;
}

/** With its sign. */
export function signed(value: number): string {
  return value > 0 ? `+${figure(value)}` : figure(value);
}

/** `1.15 to 1.3`, or one figure where both ends are the same. */
export function range({ low, high }: Interval, print: (value: number) => string = figure): string {
  return low === high ? print(low) : `${print(low)} to ${print(high)}`;
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1) ?? ''}`;
}

/** `1 block`, `2 blocks`. */
export function plural(number: number, noun: string): string {
  return `${figure(number)} ${noun}${number === 1 ? '' : 's'}`;
}

/** An amount with its unit, four significant digits: `50.14 ms`, `93.1 us`, `2,400`. Times come in ns, CPU in us. */
export function quantity(value: number, unit: MetricUnit | null): string {
  const print = (amount: number): string => {
    const rounded = Number(amount.toPrecision(4));
    return Math.abs(rounded) >= 1000 ? figure(rounded) : String(rounded);
  };
  switch (unit) {
    case 'ns':
      return `${print(value / 1e6)} ms`;
    case 'us':
      return `${print(value)} us`;
    case 'bytes':
      return `${print(value)} bytes`;
    case 'perSecond':
      return `${print(value)}/s`;
    case 'count':
      return Number.isInteger(value) ? figure(value) : print(value);
    case 'ratio':
    case null:
      return print(value);
  }
}
