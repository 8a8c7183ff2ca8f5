/** The HTML report in a real browser: it asks for nothing, runs nothing of a stranger's, and everybody can read it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readHtmlAssets } from '../../src/cli/html-assets.ts';
import { renderHtml } from '../../src/report/html/page.ts';
import { fullInput, hostileInput, twoFiles } from '../report/html/fixtures.ts';
import { findChromium, launch, open, type OpenChoice, type OpenedPage } from './chromium.ts';

const executable = findChromium();
const pages = ['full', 'several', 'hostile'] as const;
type PageName = (typeof pages)[number];

interface AxeViolation {
  readonly id: string;
  readonly impact: string;
  readonly help: string;
  readonly targets: readonly string[];
}

describe.skipIf(executable === null)('the report in a browser', () => {
  let folder = '';
  let browser: Browser;
  const opened: Page[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'connbench-report-'));
    const assets = readHtmlAssets();
    const inputs = { full: fullInput(), several: twoFiles(), hostile: hostileInput() };
    for (const name of pages) writeFileSync(join(folder, `${name}.html`), renderHtml(inputs[name], assets));
    browser = await launch(executable!);
  });

  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true });
  });

  async function openPage(name: PageName, choice: OpenChoice = {}): Promise<OpenedPage> {
    for (const page of opened.splice(0)) await page.close();
    const result = await open(browser, pathToFileURL(join(folder, `${name}.html`)).href, choice);
    opened.push(result.page);
    return result;
  }

  /** The value of an expression in the page. */
  async function value<T>(page: Page, expression: string): Promise<T> {
    return (await page.evaluate(expression)) as T;
  }

  const openDetails = `for (const item of document.querySelectorAll('details')) item.open = true`;

  describe.each(pages)('%s', (name) => {
    test.each(['light', 'dark'] as const)('%s: no request, no complaint, no stranger', async (scheme) => {
      const { page, requests, complaints } = await openPage(name, { scheme });
      await page.evaluate(openDetails);
      // Handlers that a name may have smuggled in.
      await page.evaluate(`for (const item of document.querySelectorAll('main *')) {
        for (const type of ['mouseover', 'focus', 'error', 'load']) item.dispatchEvent(new Event(type));
      }`);
      expect(await value(page, 'window.__pwned')).toBeUndefined();
      expect(requests).toEqual([]);
      expect(complaints).toEqual([]);
    });

    test.each(['light', 'dark'] as const)('%s: axe finds nothing serious', async (scheme) => {
      const { page } = await openPage(name, { scheme });
      await page.evaluate(openDetails);
      await page.evaluate(readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'));
      const violations = await value<readonly AxeViolation[]>(
        page,
        `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations.map(({ id, impact, help, nodes }) =>
          ({ id, impact, help, targets: nodes.slice(0, 3).map(({ target, failureSummary }) => target.join(' ') + ': ' + failureSummary) })))`,
      );
      expect(violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')).toEqual([]);
    });

    test('at 400 px the page does not scroll sideways', async () => {
      const { page } = await openPage(name, { width: 400 });
      await page.evaluate(openDetails);
      expect(await value(page, 'document.documentElement.scrollWidth')).toBe(400);
    });
  });

  test('a stranger who is let in would be noticed', async () => {
    const address = join(folder, 'open.html');
    writeFileSync(
      address,
      `<!doctype html><title>x</title><img src="http://127.0.0.1:9/x" onerror="window.__pwned=1"><script>throw new Error('oops')</script>`,
    );
    const { page, requests, complaints } = await open(browser, pathToFileURL(address).href);
    opened.push(page);
    expect(requests).toEqual(['http://127.0.0.1:9/x']);
    expect(complaints.join()).toContain('oops');
    expect(await value(page, 'window.__pwned')).toBe(1);
  });

  test('the policy stops a script that got in nevertheless', async () => {
    const { page, complaints } = await openPage('full');
    await page.evaluate(
      `document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.__pwned = 1' }))`,
    );
    expect(await value(page, 'window.__pwned')).toBeUndefined();
    expect(complaints.join()).toMatch(/Content Security Policy/);
  });

  test('the script draws every plot that has a frame', async () => {
    const { page } = await openPage('full');
    const drawn = await value<readonly (readonly [string, number])[]>(
      page,
      `[...document.querySelectorAll('figure[data-plot]')].map((figure) => [figure.dataset.plot, figure.querySelectorAll('.canvas canvas').length])`,
    );
    expect(drawn.length).toBeGreaterThan(0);
    for (const [plot, canvases] of drawn) expect([plot, canvases > 0]).toEqual([plot, true]);
  });

  test('without JavaScript the answer, the tables and the drawings are there', async () => {
    const { page } = await openPage('full', { scripts: false });
    const text = await value<string>(page, `document.querySelector('main').innerText`);
    expect(text).toContain('keep-alive answers fastest.');
    expect(text).toContain('This plot needs JavaScript. The table has its figures.');
    const sizes = await value<readonly number[]>(
      page,
      `[...document.querySelectorAll('svg.drawing')].map((drawing) => Math.min(drawing.getBoundingClientRect().width, drawing.getBoundingClientRect().height))`,
    );
    expect(sizes.length).toBeGreaterThanOrEqual(5);
    for (const size of sizes) expect(size).toBeGreaterThan(60);
    expect(await value(page, `document.querySelector('#run1-variants-table').rows.length`)).toBe(3);
  });

  test('the keyboard skips to the answer and reaches every table', async () => {
    const { page } = await openPage('full', { width: 400 });
    await page.keyboard.press('Tab');
    expect(await value(page, 'document.activeElement.className')).toBe('skip');
    await page.keyboard.press('Enter');
    expect(await value(page, 'document.activeElement.id')).toBe('content');
    await page.evaluate(openDetails);
    const wanted = await value<number>(page, `document.querySelectorAll('main .scroll').length`);
    const stops = await value<number>(
      page,
      `document.querySelectorAll('a, summary, button, select, input, [tabindex]').length`,
    );
    const reached = new Set<string>();
    for (let press = 0; press < stops + 10 && reached.size < wanted; press++) {
      await page.keyboard.press('Tab');
      const id = await value<string>(
        page,
        `document.activeElement.matches('.scroll') ? document.activeElement.querySelector('table').id : ''`,
      );
      if (id !== '') reached.add(id);
    }
    expect(reached.size).toBe(wanted);
  });

  test('the arrow keys scroll a table in its own region', async () => {
    const { page } = await openPage('full', { width: 400 });
    const region = `document.querySelector('#run1-variants-table').parentElement`;
    await page.evaluate(`${region}.focus()`);
    await page.keyboard.press('ArrowRight');
    await page.waitForFunction(`${region}.scrollLeft > 0`);
    expect(await value(page, 'window.scrollX')).toBe(0);
  });

  test('on paper it is light, whole, and shows what is folded on the screen', async () => {
    const { page } = await openPage('full', { scheme: 'dark' });
    await page.emulateMediaType('print');
    expect(await value(page, 'getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)');
    const heights = await value<readonly number[]>(
      page,
      `[...document.querySelectorAll('details:not([open]) table')].map((table) => table.checkVisibility({ contentVisibilityAuto: true }) ? table.getBoundingClientRect().height : 0)`,
    );
    expect(heights.length).toBeGreaterThan(5);
    for (const height of heights) expect(height).toBeGreaterThan(10);
    await page.setViewport({ width: 700, height: 1000 });
    expect(await value(page, 'document.documentElement.scrollWidth')).toBe(700);
    const clipped = `[...document.querySelectorAll('.scroll')].filter((region) => getComputedStyle(region).overflowX !== 'visible').length`;
    expect(await value(page, clipped)).toBe(0);
    const paper = await page.pdf({ format: 'A4' });
    expect(Buffer.from(paper.subarray(0, 5)).toString()).toBe('%PDF-');
  });
});
