/** The style of the plots that the page's script draws: goes into the page's own style sheet. The script reads its colours from here. */

/**
 * The heat scales are even steps of lightness in OKLab (Ottosson 2020), so that equal steps look equal, also without colour; the far end
 * of each is the one furthest from the page.
 */
const light = `
  --plot-paper: #fdfdfc; --plot-ink: #1c2024; --plot-quiet: #565e67; --plot-grid: #e6e6e1; --plot-rule: #c9c9c2; --plot-shade: #1c202410;
  --plot-series-1: #0b62a8; --plot-series-2: #c24d00; --plot-series-3: #00805e; --plot-series-4: #a83279;
  --plot-series-5: #6a4fbf; --plot-series-6: #7a5c00; --plot-series-7: #4a5560; --plot-series-8: #b3262e;
  --plot-heat: #f0ecab, #b9db8c, #71cb86, #09b492, #099494, #01778d, #005985, #243c6a, #262443;`;

const dark = `
  --plot-paper: #15181b; --plot-ink: #e7e9ea; --plot-quiet: #a3abb3; --plot-grid: #2a2f35; --plot-rule: #454c54; --plot-shade: #e7e9ea12;
  --plot-series-1: #63b3f4; --plot-series-2: #ff9d57; --plot-series-3: #3fd0a2; --plot-series-4: #f48cc8;
  --plot-series-5: #b8a1ff; --plot-series-6: #e3c34a; --plot-series-7: #c3ccd4; --plot-series-8: #ff8480;
  --plot-heat: #323151, #304878, #056696, #07839c, #0aa0a0, #0abf9b, #79d48e, #c1e393, #f6f2b1;`;

/** The class stands on the root while the page is made for paper, before the medium changes. */
const colours = `
:root { ${light} }
@media screen and (prefers-color-scheme: dark) { :root:not(.plots-printing) { ${dark} } }`;

const controls = `
.canvas { color: var(--plot-ink); font-size: .88rem; }
.plot-controls { display: flex; flex-wrap: wrap; gap: .5rem 1.4rem; align-items: center; margin: .3rem 0 .6rem; }
.plot-choice { display: inline-flex; flex-wrap: wrap; align-items: center; gap: .2rem .6rem; color: var(--plot-quiet); max-width: 100%; }
.plot-choice select { font: inherit; color: var(--plot-ink); background: var(--plot-paper); border: 1px solid var(--plot-rule); border-radius: 6px; padding: .3rem .5rem; max-width: 100%; min-height: 2rem; }
.plot-switch { display: inline-flex; border: 1px solid var(--plot-rule); border-radius: 6px; overflow: hidden; }
.plot-switch label { position: relative; cursor: pointer; }
.plot-switch label + label { border-left: 1px solid var(--plot-rule); }
.plot-switch input { position: absolute; inset: 0; opacity: 0; margin: 0; cursor: pointer; }
.plot-switch span { display: block; padding: .3rem .8rem; color: var(--plot-quiet); }
.plot-switch :checked + span { background: var(--plot-ink); color: var(--plot-paper); }
.plot-switch :focus-visible + span { outline: 3px solid var(--plot-series-1); outline-offset: -3px; }
.plot-legend { display: flex; flex-wrap: wrap; gap: .3rem .4rem; align-items: center; margin: .3rem 0 .6rem; }
.plot-legend-title { color: var(--plot-quiet); margin-right: .4rem; }
.plot-legend button { display: inline-flex; align-items: center; gap: .4rem; font: inherit; color: inherit; background: none; border: 1px solid var(--plot-rule); border-radius: 1rem; padding: .15rem .7rem .15rem .5rem; min-height: 1.75rem; cursor: pointer; max-width: 100%; text-align: left; }
.plot-legend button:hover { border-color: var(--plot-quiet); }
.plot-legend button[aria-pressed="false"] { color: var(--plot-quiet); text-decoration: line-through; border-style: dashed; }
.plot-legend button[aria-pressed="false"] .plot-key { opacity: .3; }
.plot-key { flex: none; }
.plot-key line { stroke-width: 3; }`;

const areas = `
.plot-area { position: relative; min-width: 0; }
.plot-area canvas { display: block; }
.plot-panels { display: flex; flex-wrap: wrap; gap: 1rem 28px; }
.plot-panel { min-width: 0; }
.plot-panel-wide { flex-basis: 100%; }
.plot-panel-title { font-weight: 600; font-size: .85rem; }
.plot-nothing { color: var(--plot-quiet); margin: .6rem 0; }
.plot-area .u-cursor-x { border-right: 1px solid var(--plot-quiet); }
.plot-tooltip { position: absolute; z-index: 3; pointer-events: none; width: max-content; max-width: min(20rem, 70vw); background: var(--plot-paper); border: 1px solid var(--plot-rule); border-radius: 6px; box-shadow: 0 2px 10px #0003; padding: .45rem .65rem; font-size: .8rem; line-height: 1.45; }
.plot-tooltip[hidden] { display: none; }
.plot-tooltip-title { color: var(--plot-quiet); font-variant-numeric: tabular-nums; }
.plot-tooltip-row { display: flex; align-items: center; gap: .5rem; }
.plot-tooltip-row span { flex: 1; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.plot-tooltip-row b { font-weight: 600; font-variant-numeric: tabular-nums; white-space: nowrap; }
.plot-heat-scale { display: inline-flex; flex-wrap: wrap; align-items: center; gap: .5rem; color: var(--plot-quiet); font-variant-numeric: tabular-nums; }
.plot-heat-line { display: inline-flex; align-items: center; gap: .4rem; }
.plot-heat-bar { width: clamp(4rem, 14vw, 9rem); height: .8rem; border-radius: 3px; background: linear-gradient(to right, var(--plot-heat)); print-color-adjust: exact; -webkit-print-color-adjust: exact; }
@media print { .plot-legend button[aria-pressed="false"], .plot-tooltip, .u-cursor-x { display: none; } .plot-legend button { border: 0; padding: 0 .6rem 0 0; } .plot-area, .plot-panel { break-inside: avoid; } }`;

/** Follows the page's own style, and needs none of it. */
export const plotStyle = [colours, controls, areas].join('\n').trim();
