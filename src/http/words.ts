/** Recognises a few fixed words octet by octet: a table-driven automaton whose whole state is one integer, so input may be cut anywhere. */
import { tokenOctets } from './octets.ts';

/** The state before the first octet. */
export const ROOT = 1;
/** The successor of every state on an octet that no token may hold: the word ended before it. */
export const STOP = 255;
/** The state of a token that is none of the words. */
const DEAD = 0;

export interface WordTable {
  /** `next[(state << 8) | octet]`: the state after the octet, or STOP. */
  readonly next: Uint8Array;
  /** `wordAt[state]`: the number of the word that ends here, counted from 1 in the order given, or 0. */
  readonly wordAt: Uint8Array;
}

/** Builds the table for a list of tokens. `ignoreCase`: `Close` is `close`. Throws where the words need more than 253 states. */
export function wordTable(words: readonly string[], ignoreCase: boolean): WordTable {
  const states = 2 + words.reduce((sum, word) => sum + word.length, 0);
  if (states > STOP) throw new RangeError(`words of ${states - 2} octets in all do not fit a table of 253 states`);
  const next = new Uint8Array(states << 8);
  const wordAt = new Uint8Array(states);
  for (let state = 0; state < states; state++) {
    for (let octet = 0; octet < 256; octet++) next[(state << 8) | octet] = tokenOctets[octet] === 1 ? DEAD : STOP;
  }
  let used = ROOT + 1;
  words.forEach((word, index) => {
    let state = ROOT;
    for (const letter of word) {
      const at = (state << 8) | letter.charCodeAt(0);
      if (next[at] === DEAD) {
        if (ignoreCase) next[(state << 8) | letter.toUpperCase().charCodeAt(0)] = used;
        next[at] = used++;
      }
      state = next[at]!;
    }
    wordAt[state] = index + 1;
  });
  return { next, wordAt };
}
