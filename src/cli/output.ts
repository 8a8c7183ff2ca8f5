/** The two streams that this program writes to, and how they end. */

export interface Output {
  /** Results, to stdout, with a line feed. */
  readonly print: (text: string) => void;
  /** Everything else, to stderr, with a line feed. */
  readonly say: (text: string) => void;
  /** Part of a line, to stderr. */
  readonly draw: (text: string) => void;
}

export const output: Output = {
  print: (text) => {
    process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
  },
  say: (text) => {
    process.stderr.write(`${text}\n`);
  },
  draw: (text) => {
    process.stderr.write(text);
  },
};

/** A reader that has seen enough (`| head`) ends the program quietly; a vanished terminal must not end a run. */
export function surviveClosedPipes(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  process.stderr.on('error', () => undefined);
}

/** Ends the program once everything written has gone out. */
export function exitWith(code: number): void {
  process.exitCode = code;
  process.stdout.write('', () => {
    process.stderr.write('', () => process.exit(code));
  });
}
