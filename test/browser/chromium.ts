/** Finds the browser of the browser tests, and opens pages that note what they ask for and complain about. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/**
 * `$CHROMIUM`, or the first browser on the PATH. Null where there is none, which is said on stderr; throws on a CI system, where a missing
 * browser must not pass for a success.
 */
export function findChromium(env: NodeJS.ProcessEnv = process.env): string | null {
  const wanted = env['CHROMIUM'];
  const folders = (env['PATH'] ?? '').split(delimiter);
  const candidates =
    wanted === undefined ? names.flatMap((name) => folders.map((folder) => join(folder, name))) : [wanted];
  const found = candidates.find(isExecutable) ?? null;
  if (found !== null) return found;
  const message = wanted === undefined ? `no ${names.join(', ')} on the PATH` : `$CHROMIUM is no program: ${wanted}`;
  if (env['CI'] !== undefined && env['CI'] !== '') throw new Error(`browser tests cannot run: ${message}`);
  process.stderr.write(`SKIPPED: browser tests of the HTML report: ${message}\n`);
  return null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export async function launch(executablePath: string): Promise<Browser> {
  return puppeteer.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
}

export interface OpenChoice {
  readonly scheme?: 'light' | 'dark';
  readonly width?: number;
  readonly scripts?: boolean;
}

export interface OpenedPage {
  readonly page: Page;
  /** Addresses that the page asked for, besides its own file and `data:`. Every one of them is refused. */
  readonly requests: string[];
  /** Errors and warnings of the console, and exceptions. */
  readonly complaints: string[];
}

/** Opens a `file:` address in a page of its own. */
export async function open(browser: Browser, address: string, choice: OpenChoice = {}): Promise<OpenedPage> {
  const { scheme = 'light', width = 1400, scripts = true } = choice;
  const page = await browser.newPage();
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warn'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => {
    complaints.push(String(error));
  });
  await page.setJavaScriptEnabled(scripts);
  await page.setRequestInterception(true);
  page.on('request', (request) => {
    const own = request.url() === address || request.url().startsWith('data:');
    if (!own) requests.push(request.url());
    void (own ? request.continue() : request.abort());
  });
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
  await page.setViewport({ width, height: 900 });
  await page.goto(address, { waitUntil: 'load' });
  return { page, requests, complaints };
}
