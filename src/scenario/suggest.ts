/** Finds the known word that a misspelt one was probably meant to be. */

const longestWordChars = 64;

/** The nearest of `known`, or undefined when nothing is near: about one slip per three letters is forgiven; case, `-` and `_` do not count. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  if (word.length > longestWordChars) return undefined;
  const wanted = normalise(word);
  let best: string | undefined;
  let bestDistance = (wanted.length < 3 ? 0 : Math.max(1, Math.floor(wanted.length / 3))) + 1;
  for (const candidate of known) {
    const plain = normalise(candidate);
    // The distance is at least the difference in length.
    if (Math.abs(plain.length - wanted.length) >= bestDistance) continue;
    const distance = editDistance(wanted, plain);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

function normalise(word: string): string {
  return word.toLowerCase().replaceAll(/[-_ ]/g, '');
}

/** Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours. */
export function editDistance(left: string, right: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const cost = left[row - 1] === right[column - 1] ? 0 : 1;
      let distance = Math.min(previous[column]! + 1, current[column - 1]! + 1, previous[column - 1]! + cost);
      const swapped =
        row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      if (swapped) distance = Math.min(distance, beforePrevious[column - 2]! + 1);
      current.push(distance);
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[right.length]!;
}
