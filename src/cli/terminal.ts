/** What the streams of this process can show. */

interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
}
type Variables = Readonly<Record<string, string | undefined>>;

const isDumb = (env: Variables): boolean => env['TERM'] === 'dumb';

/** FORCE_COLOR (other than 0 or false) wants colour, NO_COLOR (other than empty) does not; else a terminal decides. FORCE_COLOR wins, as in Node. */
export function wantsColour(stream: Stream, env: Variables): boolean {
  const forced = env['FORCE_COLOR'];
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  if (env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '') return false;
  return stream.isTTY === true && !isDumb(env);
}

/** Whether a line can be drawn over again. */
export function canRedraw(stream: Stream, env: Variables): boolean {
  return stream.isTTY === true && !isDumb(env);
}

/** Columns of the stream; 100 where it is no terminal: a file has no width, but its reader has. */
export function widthOf(stream: Stream): number {
  return stream.isTTY === true && stream.columns !== undefined && stream.columns > 0 ? stream.columns : 100;
}
