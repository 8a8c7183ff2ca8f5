/** The HTML report: one file that works without a network. */
import { plural } from '../../compare/words.ts';
import type { ReportInput } from '../report-input.ts';
import type { HtmlAssets } from './assets.ts';
import { crossFileSection } from './cross-file-section.ts';
import { drawingData } from './drawing-data.ts';
import { heading } from './frame.ts';
import { html, inlineBlock, jsonScript, type Content } from './markup.ts';
import { plotData } from './plot-data.ts';
import type { RunPlotTexts } from './plot-shapes.ts';
import { plotStyle } from './plot-style.ts';
import { plotTexts } from './plot-texts.ts';
import { introduction, runSections } from './run-sections.ts';
import { pageStyle } from './style.ts';
import { definitions } from './svg-drawing.ts';
import { labelText, runViews, type RunView } from './view.ts';

/** A whole page, ending in a line feed. Its size is that of the assets and a few kB per variant; trials are merged or thinned out. */
export function renderHtml(input: ReportInput, assets: HtmlAssets): string {
  const views = runViews(input);
  const data = plotData(input);
  const plots = plotTexts(data);
  const styles = [assets.uplotStyle, `${pageStyle}\n${plotStyle}`];
  const scripts = [assets.uplotScript, assets.plotScript];
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${securityPolicy(styles, scripts, assets)}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="referrer" content="no-referrer" />
        <title>${titleOf(input)}</title>
        <link rel="icon" href="data:," />
        ${styles.map((style) => inlineBlock('style', style))}
      </head>
      <body>
        <a class="skip" href="#content">Skip to the answer</a>
        ${definitions} ${views.length === 1 ? oneRun(views[0]!, plots[0]!) : severalRuns(input, views, plots)}
        <footer>
          <p>
            Made by connbench. This file is complete: it needs no network and sends nothing. The figures of its plots
            are in it as JSON, in the elements <code>plot-data</code> and <code>drawing-data</code>.
          </p>
        </footer>
        ${jsonScript('plot-data', data)} ${jsonScript('drawing-data', drawingData(views, input.comparison))}
        ${scripts.map((script) => inlineBlock('script', script))}
      </body>
    </html>`;
  return `${page.toString()}\n`;
}

/** Nothing may be fetched from anywhere, and only the scripts and styles of this page may run. */
function securityPolicy(styles: readonly string[], scripts: readonly string[], { sha256 }: HtmlAssets): string {
  const hashes = (texts: readonly string[]): string => texts.map((text) => `'sha256-${sha256(text)}'`).join(' ');
  const policy = [
    `default-src 'none'`,
    `script-src ${hashes(scripts)}`,
    `style-src ${hashes(styles)}`,
    'img-src data:',
    `base-uri 'none'`,
    `form-action 'none'`,
  ];
  return policy.join('; ');
}

/** Scenarios named in the title of the page. */
const mostNames = 3;

function titleOf({ runs }: ReportInput): string {
  const names = [...new Set(runs.map(({ results }) => labelText(results.header.scenario.name)))];
  const shown = names.slice(0, mostNames).join(', ');
  const rest = names.length > mostNames ? ` and ${plural(names.length - mostNames, 'more scenario')}` : '';
  return `${shown}${rest} - connbench`;
}

function oneRun(view: RunView, plots: RunPlotTexts): Content {
  const { contents, sections } = runSections(view, plots);
  return html`<header class="top">
      <p class="kicker">connbench report</p>
      <h1>${labelText(view.results.header.scenario.name)}</h1>
      ${introduction(view)} ${contents}
    </header>
    <main id="content" tabindex="-1">${sections}</main>`;
}

function severalRuns(input: ReportInput, views: readonly RunView[], plots: readonly RunPlotTexts[]): Content {
  const name = ({ index, results }: RunView): string => `${index + 1}. ${labelText(results.header.scenario.name)}`;
  const links = views.map((view) => html`<li><a href="#${view.id}">${name(view)}</a></li>`);
  return html`<header class="top">
      <p class="kicker">connbench report</p>
      <h1>${plural(views.length, 'run')}</h1>
      <nav aria-label="Runs">
        <ul class="contents">
          <li><a href="#files">Across files</a></li>
          ${links}
        </ul>
      </nav>
    </header>
    <main id="content" tabindex="-1">
      ${crossFileSection(input, views)}
      ${views.map((view) => {
        const { contents, sections } = runSections(view, plots[view.index]!);
        return html`<article class="run" aria-labelledby="${view.id}">
          ${heading(2, view.id, name(view))} ${introduction(view)} ${contents} ${sections}
        </article>`;
      })}
    </main>`;
}
