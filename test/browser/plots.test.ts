/** The large plots in a real browser: what their canvases show, and that they follow the reader's hands, colours, width and paper. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readHtmlAssets } from '../../src/cli/html-assets.ts';
import type { CanvasPlot } from '../../src/report/html/assets.ts';
import { renderHtml } from '../../src/report/html/page.ts';
import type { GaugeRecord, IntervalRecord } from '../../src/results/record.ts';
import { inputOf } from '../report/html/fixtures.ts';
import { latency, run, variant } from '../results/fixtures.ts';
import { findChromium, launch, open, type OpenChoice } from './chromium.ts';

const executable = findChromium();
const hostile = '<img src=x onerror="window.__pwned=1">';

/** Two loads; `hostile` is the slow one of the first, and its client's FDs were not sampled for two seconds. */
function input(): ReturnType<typeof inputOf> {
  const loads = ['open', 'closed'];
  const variants = loads.flatMap((load) =>
    [hostile, 'pool-8', 'pool-32'].map((name) => variant(`${name} ${load}`, { strategy: name, load }, { model: load })),
  );
  const seconds = [-1000, 0, 1000, 2000, 3000, 4000];
  const results = run({ variants, blocks: 3 }, (name, block) => {
    const scale = (name.startsWith('pool-8') ? 1 : name.startsWith('pool-32') ? 2 : 30) * (1 + block / 20);
    const times = (factor: number): ReturnType<typeof latency> =>
      latency(Math.round(200_000 * scale * factor), Math.round(900_000 * scale * factor), 5000);
    const intervals = seconds.map((startMs, at): IntervalRecord => {
      const response = latency(Math.round(200_000 * scale * (1 + at / 10)), Math.round(900_000 * scale), 500).histogram;
      return { startMs, response, opened: at * 10, started: 500, completed: 500, failed: 0, dropped: 0, lag: null };
    });
    const gauge = (level: number, gapFrom: number): GaugeRecord => ({
      start: level,
      peak: level,
      end: level,
      series: Array.from({ length: 60 }, (_, at) => {
        const ms = at * 100 - 1000;
        return [ms, ms >= gapFrom && ms < gapFrom + 2000 ? null : level];
      }),
    });
    const fds = { client: gauge(10 * scale, name.startsWith('pool-8') ? 1000 : Infinity), server: gauge(5, Infinity) };
    const side = { entered: 0, teardown: 0, peak: 0, end: 0, series: gauge(7, Infinity).series };
    const none = { connectionWait: null, connect: null, tls: null, firstByte: null, download: null, lag: null };
    return {
      overrides: {
        fds,
        series: { intervals },
        latency: { ...none, response: times(1), service: times(0.5) },
        timeWait: { client: side, server: side, method: 'sock_diag', overflow: 0 },
      },
    };
  });
  return inputOf(results);
}

/** An expression: reads a copy of a canvas, since the browser complains where a drawn one is read often. */
const pixelData = `(canvas) => {
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  return copy.getImageData(0, 0, canvas.width, canvas.height);
}`;

/** An expression: pixels in a property's colour on all canvases that a selector finds. */
function pixels(selector: string, property: string): string {
  return `(() => {
    const hex = getComputedStyle(document.documentElement).getPropertyValue('${property}').trim();
    const wanted = Number.parseInt(hex.slice(1), 16);
    const read = ${pixelData};
    let count = 0;
    for (const canvas of document.querySelectorAll('${selector} canvas')) {
      const { data } = read(canvas);
      for (let at = 0; at < data.length; at += 4)
        if (data[at + 3] === 255 && ((data[at] << 16) | (data[at + 1] << 8) | data[at + 2]) === wanted) count++;
    }
    return count;
  })()`;
}

/** The same in a colour that is written out. */
function pixelsOf(selector: string, hex: string): string {
  return pixels(selector, '').replace(/const hex = .*;/, `const hex = '${hex}';`);
}

const figure = (plot: CanvasPlot): string => `figure[data-plot="${plot}"]`;
const lightFirst = '#0b62a8';
const darkFirst = '#63b3f4';

describe.skipIf(executable === null)('the plots in a browser', () => {
  let folder = '';
  let address = '';
  let browser: Browser;
  const opened: Page[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'connbench-plots-'));
    const file = join(folder, 'report.html');
    writeFileSync(file, renderHtml(input(), readHtmlAssets()));
    address = pathToFileURL(file).href;
    browser = await launch(executable!);
  });

  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true });
  });

  async function openPage(choice: OpenChoice = {}): Promise<{ page: Page; complaints: readonly string[] }> {
    for (const page of opened.splice(0)) await page.close();
    const { page, complaints } = await open(browser, address, choice);
    opened.push(page);
    return { page, complaints };
  }

  async function value<T>(page: Page, expression: string): Promise<T> {
    return (await page.evaluate(expression)) as T;
  }

  /** What all canvases of a plot show. */
  async function shown(page: Page, plot: CanvasPlot): Promise<string> {
    // Drawing happens in a microtask after the event.
    return value(
      page,
      `[...document.querySelectorAll('${figure(plot)} canvas')].map((canvas) => canvas.toDataURL()).join()`,
    );
  }

  test.each([
    [1400, 'light'],
    [1400, 'dark'],
    [400, 'light'],
    [400, 'dark'],
  ] as const)('show every variant at %d px, %s', async (width, scheme) => {
    const { page, complaints } = await openPage({ width, scheme });
    for (const plot of ['percentiles', 'over-time'] as const) {
      for (const series of [1, 2, 3])
        expect(await value(page, pixels(figure(plot), `--plot-series-${series}`))).toBeGreaterThan(100);
      expect(await value(page, pixels(figure(plot), '--plot-series-4'))).toBe(0);
    }
    const canvases = await value<readonly number[]>(
      page,
      `['percentiles', 'over-time', 'heat-map'].map((plot) => document.querySelectorAll('figure[data-plot="' + plot + '"] canvas').length)`,
    );
    expect(canvases).toEqual([1, 5, 1]);
    expect(complaints).toEqual([]);
  });

  test('the heat map has cells in the colours of its scale, the fullest in the last', async () => {
    for (const scheme of ['light', 'dark'] as const) {
      const { page } = await openPage({ scheme });
      const scale = await value<string>(
        page,
        `getComputedStyle(document.documentElement).getPropertyValue('--plot-heat')`,
      );
      const last = scale.split(',').at(-1)!.trim();
      expect(await value(page, pixelsOf(figure('heat-map'), last))).toBeGreaterThan(100);
    }
  });

  test('a click on the legend, or a space, hides a variant and shows it again', async () => {
    const { page } = await openPage();
    for (const plot of ['percentiles', 'over-time'] as const) {
      const button = (await page.$(`${figure(plot)} .plot-legend button`))!;
      const pressed = `document.querySelector('${figure(plot)} .plot-legend button').getAttribute('aria-pressed')`;
      const before = await shown(page, plot);
      await button.click();
      expect(await value(page, pixels(figure(plot), '--plot-series-1'))).toBe(0);
      expect(await value(page, pixels(figure(plot), '--plot-series-2'))).toBeGreaterThan(100);
      expect(await value(page, pressed)).toBe('false');
      await button.focus();
      await page.keyboard.press('Space');
      expect(await value(page, pressed)).toBe('true');
      expect(await shown(page, plot)).toBe(before);
    }
  });

  test('response and service time change places', async () => {
    const { page } = await openPage();
    const response = await shown(page, 'percentiles');
    await page.focus(`${figure('percentiles')} .plot-switch input`);
    await page.keyboard.press('ArrowRight');
    const service = await shown(page, 'percentiles');
    expect(service).not.toBe(response);
    await page.keyboard.press('ArrowLeft');
    expect(await shown(page, 'percentiles')).toBe(response);
  });

  test('the heat map begins with the fastest variant, and shows the one that is chosen', async () => {
    const { page } = await openPage();
    const select = `${figure('heat-map')} .plot-host select`;
    const options = await value<readonly string[]>(
      page,
      `[...document.querySelector('${select}').options].map(({ textContent }) => textContent)`,
    );
    expect(options).toEqual(['pool-8 (fastest)', hostile, 'pool-32']);
    const fastest = await shown(page, 'heat-map');
    await page.select(select, hostile);
    expect(await shown(page, 'heat-map')).not.toBe(fastest);
    await page.select(select, 'pool-8 (fastest)');
    expect(await shown(page, 'heat-map')).toBe(fastest);
  });

  test('each load has its own plots', async () => {
    const { page } = await openPage();
    const select = `${figure('percentiles')} .canvas > .plot-controls select`;
    await page.click(`${figure('percentiles')} .plot-legend button`);
    await page.select(select, 'load=closed');
    // A fresh legend: nothing is hidden.
    expect(await value(page, pixels(figure('percentiles'), '--plot-series-1'))).toBeGreaterThan(100);
    expect(await value(page, `document.querySelectorAll('${figure('percentiles')} canvas').length`)).toBe(1);
  });

  test('names are text wherever they appear', async () => {
    const { page } = await openPage();
    const panel = (await page.$(`${figure('over-time')} .u-over`))!;
    await panel.scrollIntoView();
    const box = (await panel.boundingBox())!;
    // The axis runs from -1 s to 5 s: 2.1 s, and the points nearest to it are the ends of the second before.
    await page.mouse.move(box.x + (box.width * 3.1) / 6, box.y + box.height / 2);
    const tooltip = await value<string>(page, `document.querySelector('.plot-tooltip:not([hidden])').textContent`);
    expect(tooltip).toContain(hostile);
    expect(tooltip).toMatch(/^2 s to 3 s/);
    expect(await value(page, `document.querySelectorAll('figure img').length`)).toBe(0);
    expect(await value(page, 'window.__pwned')).toBeUndefined();
  });

  test('one cursor goes over all panels of time', async () => {
    const { page } = await openPage();
    const place = `[...document.querySelectorAll('${figure('over-time')} .u-over')].map((over) => {
      const [, x] = /translate\\((-?[\\d.]+)px/.exec(over.querySelector('.u-cursor-x').style.transform);
      return Math.round((100 * x) / over.clientWidth);
    })`;
    await (await page.$$(`${figure('over-time')} .u-over`))[1]!.hover();
    const places = await value<readonly number[]>(page, place);
    expect(places).toHaveLength(5);
    for (const at of places) expect(Math.abs(at - 50)).toBeLessThanOrEqual(2);
  });

  test('a sample that could not be taken leaves a gap', async () => {
    const { page } = await openPage();
    /** Longest stretch without a variant's colour between its first and last column, as a share of the plot. */
    const gap = (series: number): string => `(() => {
      const canvas = document.querySelectorAll('${figure('over-time')} canvas')[1];
      const hex = getComputedStyle(document.documentElement).getPropertyValue('--plot-series-${series}').trim();
      const wanted = Number.parseInt(hex.slice(1), 16);
      const { data, width } = (${pixelData})(canvas);
      const columns = new Set();
      for (let at = 0; at < data.length; at += 4)
        if (((data[at] << 16) | (data[at + 1] << 8) | data[at + 2]) === wanted) columns.add((at / 4) % width);
      const sorted = [...columns].sort((a, b) => a - b);
      return Math.max(...sorted.slice(1).map((x, at) => x - sorted[at])) / (sorted.at(-1) - sorted[0]);
    })()`;
    // pool-8 lacks 2 of 6 seconds, pool-32 none.
    expect(await value(page, gap(2))).toBeCloseTo(2.1 / 5.9, 1);
    expect(await value(page, gap(3))).toBeLessThan(0.02);
  });

  test('the colours follow the scheme', async () => {
    const { page } = await openPage();
    expect(await value(page, pixelsOf(figure('percentiles'), lightFirst))).toBeGreaterThan(100);
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'dark' }]);
    await page.waitForFunction(`${pixelsOf(figure('percentiles'), darkFirst)} > 100`);
    expect(await value(page, pixelsOf(figure('percentiles'), lightFirst))).toBe(0);
  });

  test('the plots follow the width, and legends keep what is hidden', async () => {
    const { page } = await openPage();
    await page.click(`${figure('percentiles')} .plot-legend button`);
    const fits = `[...document.querySelectorAll('figure[data-plot] .uplot')].every((plot) =>
      plot.getBoundingClientRect().right <= plot.closest('.canvas').getBoundingClientRect().right + 0.5)`;
    const width = `document.querySelector('${figure('percentiles')} canvas').clientWidth`;
    for (const wanted of [400, 900, 320]) {
      await page.setViewport({ width: wanted, height: 900 });
      await page.waitForFunction(
        `${width} === Math.floor(document.querySelector('${figure('percentiles')} .canvas').clientWidth) && ${fits}`,
      );
      expect(await value(page, 'document.documentElement.scrollWidth')).toBeLessThanOrEqual(wanted);
    }
    expect(await value(page, pixels(figure('percentiles'), '--plot-series-1'))).toBe(0);
  });

  test('on paper they are light and narrow enough, and dark again afterwards', async () => {
    const { page } = await openPage({ scheme: 'dark' });
    await page.evaluate(`dispatchEvent(new Event('beforeprint'))`);
    expect(await value(page, pixelsOf(figure('percentiles'), lightFirst))).toBeGreaterThan(100);
    expect(await value(page, `document.querySelector('${figure('percentiles')} canvas').clientWidth`)).toBe(660);
    await page.evaluate(`dispatchEvent(new Event('afterprint'))`);
    expect(await value(page, pixelsOf(figure('percentiles'), darkFirst))).toBeGreaterThan(100);
    await page.emulateMediaType('print');
    await page.waitForFunction(`${pixelsOf(figure('percentiles'), lightFirst)} > 100`);
  });
});
