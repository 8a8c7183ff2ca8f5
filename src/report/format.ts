/** Figures as text. Three significant digits, so that a table compares at a glance; the record holds the exact ones. */

/** Three significant digits without an exponent: 0.0521, 1.35, 13.5, 135, 1350. */
export function significant(value: number): string {
  if (value === 0) return '0';
  const exponent = Math.floor(Math.log10(Math.abs(value)));
  const decimals = Math.min(6, Math.max(0, 2 - exponent));
  return value.toFixed(decimals);
}

/** A figure, or a lower bound for one: `>=5000`. */
export function boundText(text: string, atLeast: boolean | undefined): string {
  return atLeast === true ? `>=${text}` : text;
}

/** Milliseconds of a time in ns. */
export function milliseconds(valueNs: number): string {
  return significant(valueNs / 1e6);
}

/** A count, with a comma every three digits; a median that falls between two counts keeps its half. */
export function count(value: number): string {
  const [whole = '', fraction] = (Number.isInteger(value) ? String(value) : value.toFixed(1)).split('.');
  const grouped = whole.replaceAll(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined || fraction === '0' ? grouped : `${grouped}.${fraction}`;
}

/** A rate or size: rounded to whole numbers from 100 on. */
export function amount(value: number): string {
  return Math.abs(value) >= 100 ? count(Math.round(value)) : significant(value);
}
