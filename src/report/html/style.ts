/** The style of the page: light and dark, narrow and wide, and print. Values are not marked by colour alone. */

const colours = `
:root {
  color-scheme: light dark;
  --paper: #fdfdfc; --raised: #f4f4f1; --ink: #1c2024; --quiet: #565e67; --rule: #dcdcd6; --faint: #ecece7;
  --link: #0b5394; --good: #1b6e3c; --bad: #a8320a; --unsure: #7a5600; --accent: #0b5394;
  --band: #e4e6ee; --wait: #c75b12; --connect: #7a4fa3; --tls: #8a6d00; --first: #3b7fc4; --down: #2f8f6b; --hatch: #ffffffa0; --shade: #0000001f;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #15181b; --raised: #1d2125; --ink: #e7e9ea; --quiet: #a3abb3; --rule: #343a40; --faint: #262b30;
    --link: #8fc1f3; --good: #74c993; --bad: #f59270; --unsure: #e2b85c; --accent: #8fc1f3;
    --band: #2a3039; --wait: #e8894a; --connect: #b08ad6; --tls: #cfae3a; --first: #6aa8e6; --down: #58b892; --hatch: #15181b80; --shade: #ffffff24;
  }
}`;

const text = `
*, ::before, ::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-padding-top: 1rem; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; overflow-wrap: anywhere; }
.top, main, footer { max-width: 80rem; margin: 0 auto; padding: 0 clamp(1rem, 4vw, 3rem); }
.top { padding-top: clamp(1.5rem, 5vw, 3.5rem); }
main:focus { outline: none; }
h1, h2, h3, h4 { line-height: 1.25; font-weight: 650; text-wrap: balance; }
h1 { font-size: clamp(1.6rem, 4vw, 2.3rem); margin: 0 0 .5rem; letter-spacing: -.015em; }
h2 { font-size: 1.35rem; margin: 0 0 1rem; letter-spacing: -.01em; }
h3 { font-size: 1.08rem; margin: 0 0 .5rem; }
h4 { font-size: 1rem; margin: 0 0 .4rem; }
p { margin: 0 0 .8rem; max-width: 46rem; }
ul { margin: 0 0 .8rem; padding-left: 1.2rem; max-width: 46rem; }
a { color: var(--link); text-underline-offset: .15em; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 2px; }
code, pre { font: .9em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
pre { overflow: auto; background: var(--raised); border: 1px solid var(--rule); border-radius: 6px; padding: .8rem 1rem; margin: 0 0 .8rem; overflow-wrap: normal; max-height: 30rem; }
.kicker { margin: 0 0 .3rem; color: var(--quiet); font-size: .85rem; letter-spacing: .04em; }
.question { font-size: 1.15rem; color: var(--ink); margin-bottom: .6rem; text-wrap: pretty; }
.meta, .quiet, .reading, footer { color: var(--quiet); font-size: .9rem; }
.bad { color: var(--bad); }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.meta { max-width: none; }
.skip { position: absolute; left: -999rem; top: 0; background: var(--paper); color: var(--link); padding: .6rem 1rem; z-index: 2; }
.skip:focus { left: .5rem; top: .5rem; }
.contents { list-style: none; display: flex; flex-wrap: wrap; gap: .3rem 1.1rem; padding: .7rem 0; margin: .8rem 0 0; max-width: none; border-block: 1px solid var(--rule); font-size: .92rem; }
section { margin: 2.8rem 0; }
article.run { border-top: 3px double var(--rule); margin-top: 3.5rem; padding-top: 2rem; }
article.run section { margin: 2.2rem 0; }
footer { padding-block: 2rem 3rem; border-top: 1px solid var(--rule); margin-top: 3rem; }
summary { cursor: pointer; color: var(--link); font-size: .92rem; padding: .25rem 0; width: fit-content; }
details { margin: 0 0 .8rem; }
details[open] > summary { margin-bottom: .5rem; }`;

const answer = `
.answer { margin-bottom: 1.6rem; }
.answer + .answer { border-top: 1px solid var(--rule); padding-top: 1.4rem; }
.load { color: var(--quiet); font-weight: 600; margin-bottom: .3rem; }
.lead { font-size: clamp(1.3rem, 2.9vw, 1.85rem); line-height: 1.3; font-weight: 600; letter-spacing: -.012em; max-width: 40rem; margin-bottom: .7rem; text-wrap: pretty; }
.tiles-title { margin: 1.2rem 0 .5rem; color: var(--quiet); font-size: .9rem; }
.tiles-title b { color: var(--ink); }
.tiles { display: grid; grid-template-columns: repeat(6, 1fr); border: 1px solid var(--rule); border-radius: 8px; overflow: hidden; margin: 0; }
@media (max-width: 66rem) { .tiles { grid-template-columns: repeat(3, 1fr); } }
@media (max-width: 34rem) { .tiles { grid-template-columns: repeat(2, 1fr); } }
.tiles > div { padding: .8rem 1rem .9rem; border: 1px solid var(--rule); border-width: 0 1px 1px 0; margin: 0 -1px -1px 0; }
.tiles dt { color: var(--quiet); font-size: .82rem; }
.tiles dd { margin: .15rem 0 0; font-variant-numeric: tabular-nums; }
.big { font-size: 1.45rem; font-weight: 600; letter-spacing: -.02em; white-space: nowrap; }
.tiles .unit { display: block; font-size: .78rem; }
.instead { display: block; color: var(--quiet); font-size: .85rem; }
.unsure { border-left: 3px solid var(--unsure); padding: .1rem 0 .1rem 1rem; margin: 1.4rem 0; }
.unsure-title { font-weight: 650; margin-bottom: .3rem; }
.unsure .notes { margin-bottom: 0; }
.status { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .5rem; margin: 1.2rem 0 0; }
.status a { text-decoration: none; }
.status a:hover .badge { text-decoration: underline; }
.badge { display: inline-block; border: 1px solid currentColor; border-radius: 1rem; padding: .05rem .65rem; font-size: .85rem; font-weight: 600; white-space: nowrap; }
.status .badge { white-space: normal; }
.good { color: var(--good); } .bad { color: var(--bad); } .unsure .badge, .badge.unsure { color: var(--unsure); } .badge.plain { color: var(--quiet); }
.badge.unsure { border-left-width: 1px; margin: 0; }
.warned { font-size: .9rem; color: var(--unsure); }
.warned a { white-space: nowrap; }
.notes { font-size: .9rem; color: var(--quiet); padding-left: 1.1rem; }
.notes li + li { margin-top: .25rem; }
.unsure .notes { color: var(--ink); font-size: .95rem; }
.claims, .warnings { list-style: none; padding: 0; max-width: 60rem; }
.claims > li, .warnings > li { padding: .7rem 0; border-bottom: 1px solid var(--faint); }
.cases { margin: .3rem 0 0; font-size: .9rem; color: var(--quiet); }
.warnings p { margin-bottom: .2rem; max-width: 60rem; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: .7rem 2rem; margin: 0 0 1rem; }
.facts dt { color: var(--quiet); font-size: .82rem; }
.facts dd { margin: 0; }`;

const tables = `
.scroll { overflow-x: auto; margin: 0 0 .8rem; border-block: 1px solid var(--rule); position: relative; background: linear-gradient(to left, var(--paper) 40%, transparent) 100% 0 / 3rem 100% no-repeat local, linear-gradient(to left, var(--shade), transparent) 100% 0 / .8rem 100% no-repeat; }
.scroll:focus-visible { outline-offset: 0; }
table { border-collapse: collapse; font-size: .9rem; width: 100%; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
caption { text-align: left; color: var(--quiet); font-size: .82rem; padding: .5rem .1rem; }
th, td { padding: .42rem .55rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--faint); }
td:not(.number) { min-width: 7rem; }
td { max-width: 26rem; overflow-wrap: break-word; }
thead th { vertical-align: bottom; font-weight: 600; border-bottom: 1px solid var(--rule); }
td.number { white-space: nowrap; }
thead th:first-child { min-width: 7rem; max-width: 18rem; overflow-wrap: anywhere; }
.number { text-align: right; }
.unit { display: block; color: var(--quiet); font-weight: 400; font-size: .92em; }
td .quiet { font-size: inherit; }
tbody th { font-weight: 500; min-width: 7rem; max-width: 18rem; overflow-wrap: anywhere; }
tr > th:first-child { position: sticky; left: 0; background: var(--paper); z-index: 1; padding-left: .2rem; }
tbody tr:hover > * { background: var(--raised); }
tbody tr:last-child > * { border-bottom: 0; }
tr.group th { color: var(--quiet); font-weight: 600; padding-top: 1rem; border-bottom: 1px solid var(--rule); max-width: none; }
.tag { display: inline-block; margin-left: .4em; font-size: .84em; font-weight: 600; border: 1px solid var(--rule); border-radius: 3px; padding: 0 .35em; color: var(--quiet); white-space: nowrap; }
.tag.winner { color: var(--good); border-color: currentColor; } .tag.bad { color: var(--bad); border-color: currentColor; }
.line { display: block; }
.thin, .missing { color: var(--quiet); }
td .regression { color: var(--bad); } td .improvement { color: var(--good); } td .equivalent { color: var(--accent); } td .inconclusive { color: var(--unsure); }
@media (max-width: 40rem) { tbody th { max-width: 9rem; min-width: 5.5rem; } th, td { padding-inline: .5rem; } }`;

const plots = `
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 2.4rem 3rem; margin: 1.4rem 0; align-items: start; }
.plot { margin: 0; min-width: 0; }
.plot.wide { grid-column: 1 / -1; }
.legend { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; font-size: .85rem; max-width: none; color: var(--quiet); }
.legend li { display: flex; align-items: center; gap: .35rem; }
.sample { flex: none; vertical-align: -.2em; overflow: visible; }
.definitions { position: absolute; }
.drawing { display: block; overflow: hidden; margin: .3rem 0 .6rem; }
.drawing text { font-size: 12.5px; fill: var(--ink); font-variant-numeric: tabular-nums; }
.drawing .tick { font-size: 11px; fill: var(--quiet); }
.drawing .end { text-anchor: end; } .drawing .middle { text-anchor: middle; }
.drawing .figure { fill: var(--quiet); }
.band { fill: var(--band); }
.grid { stroke: var(--faint); } .unity { stroke: var(--quiet); stroke-dasharray: 2 3; } .axis { stroke: var(--rule); }
.range { stroke-width: 2.5; stroke: var(--quiet); }
.mark { fill: var(--quiet); stroke: var(--quiet); stroke-width: 1; }
.drawing .improvement, .sample .improvement { fill: var(--good); stroke: var(--good); } .drawing .regression, .sample .regression { fill: var(--bad); stroke: var(--bad); }
.drawing .equivalent, .sample .equivalent { fill: var(--accent); stroke: var(--accent); }
.mark.inconclusive { fill: var(--paper); stroke: var(--unsure); stroke-width: 2; } .range.inconclusive { stroke: var(--unsure); }
.mark.none, .mark.exact, .mark.cross { fill: none; stroke-width: 2; }
.arrow { fill: var(--quiet); stroke: var(--quiet); } .arrow.inconclusive { fill: var(--unsure); stroke: var(--unsure); }
.mark.dot { fill: var(--accent); stroke: none; fill-opacity: .85; }
.mark.ring { fill: none; stroke: var(--wait); stroke-width: 1.6; }
.mark.cross { stroke: var(--bad); }
.strip { fill: var(--raised); } .bar { fill: var(--accent); }
.phase { stroke: var(--paper); stroke-width: 1; }
.phase.connectionWait { fill: var(--wait); } .phase.connect { fill: var(--connect); } .phase.tls { fill: var(--tls); } .phase.firstByte { fill: var(--first); } .phase.download { fill: var(--down); }
.over { fill: none; } .over.connectionWait { fill: url(#hatch-slope); } .over.connect { fill: url(#hatch-points); } .over.tls { fill: url(#hatch-level); }
.hatching { stroke: var(--hatch); stroke-width: 2; } .hatch-point { fill: var(--hatch); }
.canvas { min-width: 0; max-width: 100%; }`;

const print = `
@media print {
  :root {
    color-scheme: light;
    --paper: #fff; --raised: #f4f4f1; --ink: #000; --quiet: #444; --rule: #bbb; --faint: #ddd; --link: #000; --good: #1b6e3c; --bad: #a8320a;
    --unsure: #7a5600; --accent: #0b5394; --band: #e4e6ee; --wait: #c75b12; --connect: #7a4fa3; --tls: #8a6d00; --first: #3b7fc4; --down: #2f8f6b; --hatch: #ffffffa0; --shade: #0000001f;
  }
  @page { margin: 12mm; }
  html { font-size: 9.5pt; }
  body { overflow-wrap: anywhere; }
  .top, main, footer { max-width: none; padding: 0; }
  nav, .skip, noscript { display: none; }
  .scroll { overflow: visible; background: none; }
  table { font-size: 7pt; overflow-wrap: anywhere; }
  th, td, td:not(.number) { padding: .2em .35em; max-width: none; min-width: 0; }
  tbody th, thead th:first-child { min-width: 4em; max-width: none; }
  thead th { overflow-wrap: normal; }
  table.many { font-size: 5pt; }
  table.many td, table.many th { white-space: normal; overflow-wrap: anywhere; }
  tr > th:first-child { position: static; }
  thead { display: table-header-group; }
  tr, .plot > svg, .tiles > div { break-inside: avoid; }
  h2, h3, h4, caption, .reading { break-after: avoid; }
  details::details-content { display: block; content-visibility: visible; block-size: auto; }
  summary { list-style: none; color: var(--quiet); }
  pre { max-height: none; white-space: pre-wrap; overflow: visible; }
  .plots { display: block; } .plot { margin-bottom: 1.5rem; }
  a { text-decoration: none; }
}`;

/** The content of one `<style>` element. */
export const pageStyle = [colours, text, answer, tables, plots, print].join('\n').trim();
