/** What there is of a scenario's results already: to be kept, to be gone on with, or to be put aside. */
import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { assertSameMachine } from '../compare/environment.ts';
import { jsonForm } from '../results/json-form.ts';
import { readResultFile, wasInterrupted, type ResultFile } from '../results/read-file.ts';
import { headerSchema, type HeaderRecord } from '../results/record.ts';
import { fileTrouble } from '../results/file-trouble.ts';
import { planTrials } from '../scenario/plan.ts';
import { UserError } from '../scenario/user-error.ts';
import type { CatalogueEntry } from './catalogue-entries.ts';
import { newHeader } from './measured-run.ts';

export type FileState =
  | { readonly kind: 'absent' }
  /** Nothing is left to do. */
  | { readonly kind: 'finished'; readonly file: ResultFile }
  | { readonly kind: 'unfinished'; readonly done: number; readonly trials: number }
  /** No part of what would be measured now. */
  | { readonly kind: 'other'; readonly why: string };

/** `blocks` in place of the scenario's own number. Rejects with a UserError where the file cannot be read. */
export async function stateOf(entry: CatalogueEntry, blocks: number | undefined): Promise<FileState> {
  const { path, scenario } = entry;
  if (!existsSync(path)) return { kind: 'absent' };
  const file = await readKept(path);
  if (typeof file === 'string') return { kind: 'other', why: file };
  const { header, trials, footer } = file;
  const plan = planTrials(scenario, { seed: header.seed, ...(blocks === undefined ? {} : { blocks }) });
  const now = headerSchema.parse(jsonForm(newHeader(scenario, plan)));
  const differs = differingParts(header, now);
  if (differs.length > 0) return { kind: 'other', why: `the scenario has changed: ${differs.join(', ')}` };
  try {
    assertSameMachine(header, now, path);
  } catch (error) {
    if (error instanceof UserError) return { kind: 'other', why: error.message };
    throw error;
  }
  if (footer !== null && !footer.interrupted) return { kind: 'finished', file };
  return {
    kind: 'unfinished',
    done: trials.filter((trial) => !wasInterrupted(trial)).length,
    trials: plan.trials.length,
  };
}

/** The file, or why nobody can use it. */
async function readKept(path: string): Promise<ResultFile | string> {
  try {
    return await readResultFile(path);
  } catch (error) {
    const unusable = ['RESULTS_EMPTY', 'RESULTS_FOREIGN', 'RESULTS_VERSION', 'RESULTS_CORRUPT'];
    if (error instanceof UserError && unusable.includes(error.code)) return error.message;
    throw error;
  }
}

/** What was measured, and what is asked of it. The question, other words around it and the place of the file do not count. */
const parts = ['variants', 'baseline', 'expectations', 'gates', 'blocks', 'trials'] as const;

function differingParts(written: HeaderRecord, now: HeaderRecord): readonly string[] {
  const text = (value: unknown): string => JSON.stringify(value ?? null);
  return parts.filter((part) => text(written[part]) !== text(now[part]));
}

/** Moves a file out of the way, into the folder `earlier` of its folder, and gives its new path. Nothing is ever removed. */
export async function putAside(path: string): Promise<string> {
  const folder = join(dirname(path), earlier);
  const name = basename(path, '.ndjson');
  try {
    await mkdir(folder, { recursive: true });
    for (let number = 1; ; number++) {
      const target = join(folder, `${name}-${number}.ndjson`);
      if (existsSync(target)) continue;
      await rename(path, target);
      return target;
    }
  } catch (error) {
    throw fileTrouble(error, path, 'write');
  }
}

/** Folder of results that no longer count. */
export const earlier = 'earlier';
