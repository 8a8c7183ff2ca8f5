/** The progress of a run in one line. Pure. */
import { printable } from '../report/printable.ts';
import { displayWidth } from '../report/wrap.ts';

export interface ProgressState {
  /** From 1, in the whole run. */
  readonly trial: number;
  readonly trials: number;
  readonly variant: string;
  readonly phase: string;
  /** Requests completed per second over the last moment; null before there is one. */
  readonly ratePerSecond: number | null;
  readonly failed: number;
  readonly openConnections: number;
  /** For the whole run. */
  readonly leftMs: number;
}

/** At most `width` columns: the variant's name is cut first, then the end of the line. */
export function progressLine(state: ProgressState, width: number): string {
  const head = `${state.trial}/${state.trials} `;
  const tail = [
    `  ${state.phase}`,
    state.ratePerSecond === null ? '' : `  ${Math.round(state.ratePerSecond)} req/s`,
    `  ${state.failed} errors`,
    `  ${state.openConnections} open`,
    `  ${clockTime(state.leftMs)} left`,
  ].join('');
  const room = Math.max(8, width - displayWidth(head) - displayWidth(tail));
  return cut(`${head}${cut(printable(state.variant, 200), room)}${tail}`, width);
}

/** Minutes and seconds, rounded up: `0:07`, `12:00`; with hours from one on. */
export function clockTime(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  const padded = (value: number): string => String(value).padStart(2, '0');
  const rest = padded(seconds % 60);
  return hours === 0 ? `${minutes}:${rest}` : `${hours}:${padded(minutes)}:${rest}`;
}

/** The text in at most `width` columns; what was cut shows as an ellipsis. */
function cut(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let kept = '';
  for (const character of text) {
    if (displayWidth(kept) + displayWidth(character) > width - 1) break;
    kept += character;
  }
  return `${kept}…`;
}
