/** Reads the scripts and styles that go into the HTML report. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { entryFile } from '../kernel/entry.ts';
import type { HtmlAssets } from '../report/html/assets.ts';
import { joinModules } from './browser-script.ts';

/** A few ms. Throws where uPlot is not installed or connbench is not built: an installation that is not whole. */
export function readHtmlAssets(): HtmlAssets {
  const folder = dirname(createRequire(import.meta.url).resolve('uplot/package.json'));
  const uplot = (path: string): string => readFileSync(join(folder, path), 'utf8').replaceAll('\r\n', '\n');
  // Its licence asks to go with every copy.
  const licence = `/*!\n${uplot('LICENSE').trim().replaceAll('*/', '* /')}\n*/\n`;
  return {
    uplotScript: licence + uplot('dist/uPlot.iife.min.js'),
    uplotStyle: uplot('dist/uPlot.min.css'),
    plotScript: joinModules('plots', (name) =>
      readFileSync(entryFile(import.meta.url, `../report/browser/${name}`), 'utf8'),
    ),
    sha256: (text) => createHash('sha256').update(text).digest('base64'),
  };
}
