/** What a plot is to the script that redraws it. */
import type { Theme } from './theme.ts';

/** Draws anew at a width and in the colours of the moment; what it gives takes the drawing away. */
export type Drawing = (widthPx: number, theme: Theme) => () => void;
