/** Breaks text into lines of a terminal's width. The text must be printable and unpainted. */

/** Approximate: what most terminals draw two columns wide. */
const wide =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303f\uff01-\uff60]/u;
const combining = /\p{M}/u;

function characterWidth(character: string): number {
  if (combining.test(character)) return 0;
  return wide.test(character) ? 2 : 1;
}

/** Columns that a terminal needs for the text. */
export function displayWidth(text: string): number {
  return Array.from(text).reduce((sum, character) => sum + characterWidth(character), 0);
}

export interface Indent {
  readonly first: string;
  readonly rest: string;
}

/** Lines of at most `width` columns, broken at spaces; a word longer than a line is cut. `width` must leave room beside the indent. */
export function wrap(text: string, width: number, indent: Indent = { first: '', rest: '' }): string[] {
  const lines: string[] = [];
  let line = indent.first;
  let empty = true;
  const next = (): void => {
    lines.push(line);
    line = indent.rest;
    empty = true;
  };
  for (const word of text.split(' ').filter((part) => part !== '')) {
    if (!empty && displayWidth(line) + 1 + displayWidth(word) > width) next();
    if (!empty) line += ' ';
    for (const character of word) {
      if (!empty && displayWidth(line) + characterWidth(character) > width) next();
      line += character;
      empty = false;
    }
  }
  if (!empty) lines.push(line);
  return lines;
}
