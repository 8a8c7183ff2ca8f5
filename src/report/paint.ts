/** Colours for a terminal (ECMA-48 SGR), or none at all. */

export interface Paint {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
}

/** No paint. */
export const plain = (text: string): string => text;

/** Wraps each line by itself, so that a painted text may be cut at its line ends. */
function sgr(on: number, off: number): (text: string) => string {
  const paintLine = (line: string): string => (line === '' ? '' : `\u001b[${on}m${line}\u001b[${off}m`);
  return (text) => text.split('\n').map(paintLine).join('\n');
}

/** Painters that do nothing where colour is off. */
export function painter(colour: boolean): Paint {
  if (!colour) return { bold: plain, dim: plain, red: plain, green: plain, yellow: plain };
  return { bold: sgr(1, 22), dim: sgr(2, 22), red: sgr(31, 39), green: sgr(32, 39), yellow: sgr(33, 39) };
}
