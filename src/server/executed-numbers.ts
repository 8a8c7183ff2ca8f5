/** Remembers which numbered requests were executed, and counts those that were executed again: a bit for each. */

/** Numbers of one page, 8 KiB of bits. */
const pageNumbers = 65_536;
/** 128 MiB of bits: the numbers of 10^9 requests. */
const mostPages = 16_384;

const form = /^[0-9a-f]{16}$/i;

/** Worker and sequence out of a value of `requestNumberField`; null where it has another form. */
export function parseRequestNumber(value: unknown): { readonly worker: number; readonly sequence: number } | null {
  if (typeof value !== 'string' || !form.test(value)) return null;
  return { worker: parseInt(value.slice(0, 4), 16), sequence: parseInt(value.slice(4), 16) };
}

/** Numbers are dense within a worker, so that a page is used to its last bit. */
export class ExecutedNumbers {
  /** Pages by worker, then by place. */
  readonly #workers = new Map<number, Map<number, Uint32Array>>();
  #pages = 0;
  #duplicates = 0;
  #isFull = false;

  /** `worker` 0..65535, `sequence` 0..2^48-1. */
  add(worker: number, sequence: number): void {
    const page = this.#page(worker, Math.floor(sequence / pageNumbers));
    if (page === null) return;
    const place = sequence % pageNumbers;
    const bit = 1 << (place & 31);
    if ((page[place >>> 5]! & bit) !== 0) this.#duplicates++;
    page[place >>> 5]! |= bit;
  }

  /** Executions of numbers that had been executed already; null once numbers came for which there was no memory left. */
  get duplicates(): number | null {
    return this.#isFull ? null : this.#duplicates;
  }

  #page(worker: number, index: number): Uint32Array | null {
    let pages = this.#workers.get(worker);
    if (pages === undefined) this.#workers.set(worker, (pages = new Map<number, Uint32Array>()));
    const known = pages.get(index);
    if (known !== undefined) return known;
    if (this.#pages === mostPages) {
      this.#isFull = true;
      return null;
    }
    const page = new Uint32Array(pageNumbers / 32);
    pages.set(index, page);
    this.#pages++;
    return page;
  }
}
