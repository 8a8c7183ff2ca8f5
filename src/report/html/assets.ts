/** What the HTML report is given besides its data: the scripts and styles that go into the page, and a hash for its security policy. */

/** Read once by the command line; the texts must hold neither `</script` nor `</style`, and end their lines with LF alone. */
export interface HtmlAssets {
  /** uPlot as one plain script that defines `uPlot`. */
  readonly uplotScript: string;
  readonly uplotStyle: string;
  /** The script that fills the canvases of `canvasPlots` from the element `plot-data`. */
  readonly plotScript: string;
  /** SHA-256 of the text's UTF-8 bytes in base64, by which the page's security policy names its scripts and styles. */
  readonly sha256: (text: string) => string;
}

/**
 * Plots that the script draws: `<figure class="plot" data-plot="NAME" data-run="INDEX">` with a heading, `<div class="canvas">`,
 * which the script fills, and a table of the same figures in a `<details>`.
 */
export const canvasPlots = ['percentiles', 'over-time', 'heat-map'] as const;
export type CanvasPlot = (typeof canvasPlots)[number];
