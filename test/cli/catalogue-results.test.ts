/** The results of a catalogue in a folder: what is found, and what is not there. */
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { mkdtempSync, rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { resultsIn } from '../../src/cli/catalogue-results.ts';

test('a folder that is not there has no results: a catalogue of which nothing was possible makes none', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'connbench-'));
  try {
    const { runs, unusable } = await resultsIn(join(dir, 'none'));
    expect(runs.size).toBe(0);
    expect(unusable).toEqual([]);
  } finally {
    rmSync(dir, { recursive: true });
  }
});
