/** Where the built entry file of a child process or worker thread is, also when the caller runs from source under a test runner. */
import { fileURLToPath } from 'node:url';

/** `entryFile(import.meta.url, './worker')` -> path of the built `worker.js` beside the calling module. */
export function entryFile(callerUrl: string, relative: string): string {
  const url = new URL(`${relative}.js`, callerUrl);
  if (callerUrl.endsWith('.ts')) url.pathname = url.pathname.replace(/\/src\/(?!.*\/src\/)/, '/dist/');
  return fileURLToPath(url);
}
