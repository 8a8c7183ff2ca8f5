/** What a program does with the responses that it never reads: it holds on to them, or leaves them to the garbage collector. */
import v8 from 'node:v8';
import vm from 'node:vm';
import type { LeakConfig } from '../../scenario/config.ts';

export class ForgottenResponses {
  readonly #leak: LeakConfig | undefined;
  readonly #held: unknown[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** `leak`: of the load; absent where none is forgotten. */
  constructor(leak: LeakConfig | undefined) {
    this.#leak = leak;
  }

  /** A response that nobody will read. */
  forget(response: unknown): void {
    if (this.#leak?.collect === 'never') this.#held.push(response);
    const { everyMs } = this.#leak ?? {};
    if (everyMs === undefined || this.#timer !== undefined) return;
    const collect = collector();
    this.#timer = setInterval(() => {
      collect();
    }, everyMs);
  }

  /** Holds nothing any more, and forces no collection. */
  close(): void {
    clearInterval(this.#timer);
    this.#held.length = 0;
  }
}

/** V8's own full collection: the flag shows it to contexts that are made from then on (doc/api/cli.md, --expose-gc). */
function collector(): () => void {
  v8.setFlagsFromString('--expose-gc');
  return vm.runInNewContext('gc') as () => void;
}
