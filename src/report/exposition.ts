/**
 * Writes OpenMetrics 1.0 text that is Prometheus text 0.0.4 as well: metric families with their metadata, samples with escaped labels, and
 * the end mark. In 0.0.4 units and the end mark are comments.
 */
import { printable } from './printable.ts';

/** What both formats know; 0.0.4 has no `info`, and its parser refuses the whole text for one. */
type FamilyType = 'gauge' | 'summary';

/** By name: letters, digits and underscore. Values may hold anything. */
export type Labels = Readonly<Record<string, string>>;

const mostValueChars = 300;

/** Collects families one after the other; all samples go to the family named last. */
export class Exposition {
  readonly #lines: string[] = [];
  #family = '';
  /** How often each series was written, so that none stands there twice. */
  readonly #written = new Map<string, number>();
  /** Metadata of a family that has no sample yet: a family without samples is left out. */
  #metadata: readonly string[] = [];

  /** Throws an Error unless the name ends in the unit, as OpenMetrics demands. */
  family(name: string, type: FamilyType, unit: string | null, help: string): void {
    if (unit !== null && !name.endsWith(`_${unit}`)) throw new Error(`the family ${name} does not end in its unit`);
    this.#family = name;
    const units = unit === null ? [] : [`# UNIT ${name} ${unit}`];
    this.#metadata = [`# TYPE ${name} ${type}`, ...units, `# HELP ${name} ${escaped(help)}`];
  }

  /**
   * `suffix` is what the type adds to the family's name: `_sum`, `_count` ... Names that differ only beyond what is shown of them would
   * make one series of two; the second has the label `duplicate`.
   */
  sample(suffix: string, labels: Labels, value: number): void {
    this.#lines.push(...this.#metadata);
    this.#metadata = [];
    const pairs = Object.entries(labels).map(([name, text]) => `${name}="${escaped(printable(text, mostValueChars))}"`);
    const series = `${this.#family}${suffix} ${pairs.join(',')}`;
    const before = this.#written.get(series) ?? 0;
    this.#written.set(series, before + 1);
    if (before > 0) pairs.push(`duplicate="${before}"`);
    this.#lines.push(`${this.#family}${suffix}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`);
  }

  text(): string {
    return [...this.#lines, '# EOF', ''].join('\n');
  }
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
