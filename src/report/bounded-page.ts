/** Collects lines of a text that must not pass a number of bytes, part by part, and counts what did not fit. */
import { plural } from '../compare/words.ts';

const encoder = new TextEncoder();

/** What UTF-8 needs for the line and its line feed. */
function bytesOf(line: string): number {
  return encoder.encode(line).length + 1;
}

/** A part that is written whole or as far as there is room. */
export interface BoundedPart {
  /** Before the first item, after the last; left out where no item fits. */
  readonly head: readonly string[];
  readonly tail: readonly string[];
  /** Lines that belong together. */
  readonly items: readonly (readonly string[])[];
  /** What one item is called: `row`, `warning`. */
  readonly noun: string;
}

export class BoundedPage {
  readonly #lines: string[] = [];
  #usedBytes = 0;
  #allowedBytes = 0;
  readonly #leftOut = new Map<string, number>();

  /** Room for what comes next; what it does not use stays for what comes after it. */
  allow(bytes: number): void {
    this.#allowedBytes += bytes;
  }

  /** Adds all lines, or none where they do not fit. */
  add(lines: readonly string[]): boolean {
    return this.#addBefore(lines, 0);
  }

  /** Adds the part with as many items as fit, the first ones. */
  addPart({ head, tail, items, noun }: BoundedPart): void {
    const tailBytes = tail.reduce((sum, line) => sum + bytesOf(line), 0);
    let written = 0;
    for (const item of items) {
      if (!this.#addBefore(written === 0 ? [...head, ...item] : item, tailBytes)) break;
      written++;
    }
    if (written > 0) this.#push(tail);
    if (written < items.length) this.countLeftOut(noun, items.length - written);
  }

  countLeftOut(noun: string, number: number): void {
    this.#leftOut.set(noun, (this.#leftOut.get(noun) ?? 0) + number);
  }

  /** `3 gates, 120 rows`; null where everything was written. */
  leftOut(): string | null {
    const parts = [...this.#leftOut].map(([noun, number]) => plural(number, noun));
    return parts.length === 0 ? null : parts.join(', ');
  }

  /** Ends in a line feed. */
  text(): string {
    return `${this.#lines.join('\n')}\n`;
  }

  #addBefore(lines: readonly string[], reservedBytes: number): boolean {
    const bytes = lines.reduce((sum, line) => sum + bytesOf(line), 0);
    if (this.#usedBytes + bytes + reservedBytes > this.#allowedBytes) return false;
    this.#push(lines);
    return true;
  }

  #push(lines: readonly string[]): void {
    for (const line of lines) {
      this.#lines.push(line);
      this.#usedBytes += bytesOf(line);
    }
  }
}
