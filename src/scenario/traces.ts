/** The traces that the variants of a scenario name: each file is read once, and what is wrong with it is said where it is written. */
import { isAbsolute, join, resolve } from 'node:path';
import type { BrokenRule } from './broken-rule.ts';
import type { TraceConfig } from './config.ts';
import type { FilledConfig } from './defaults.ts';
import { quote, type Problem } from './problem.ts';
import { durationMs } from './quantities.ts';
import type { Trace, TraceRead } from './trace-file.ts';
import { arrivalsBefore } from './trace-text.ts';

export type ReadTrace = (path: string) => TraceRead;

/** A variant with the hash of its trace, and the trace as the trial needs it; or what is wrong. */
export type TracedConfig =
  | { readonly ok: true; readonly config: FilledConfig; readonly trace: TraceConfig | null }
  | { readonly ok: false; readonly broken: readonly BrokenRule[] };

export interface TraceFolders {
  /** What paths are relative to; absolute. */
  readonly folder: string;
  /** The same folder as it is shown in problems. */
  readonly shownFolder: string;
}

export class Traces {
  /** Bad lines of the files read so far, each file's once. */
  readonly problems: Problem[] = [];
  private readonly files = new Map<string, TraceRead>();
  private readonly read: ReadTrace;
  private readonly folders: TraceFolders;

  constructor(read: ReadTrace, folders: TraceFolders) {
    this.read = read;
    this.folders = folders;
  }

  /** Reads the trace of a variant that has passed the rules. */
  of(config: FilledConfig): TracedConfig {
    const { load } = config;
    if (load.model !== 'open' || !('trace' in load)) return { ok: true, config, trace: null };
    const { file, sha256: wanted } = load.trace;
    const path = resolve(this.folders.folder, file);
    const read = this.once(path, file);
    if (!read.ok) return { ok: false, broken: wholeFileFaults(read, file) };
    const { sha256, timesNs } = read.trace;
    if (wanted !== undefined && wanted !== sha256) {
      return broken(
        'trace-hash',
        ['load.trace.sha256', 'load.trace'],
        `${quote(file)} has changed: its SHA-256 is ${sha256}`,
      );
    }
    const arrivals = arrivalsBefore(timesNs, Math.round(durationMs(load.duration) * 1e6));
    if (arrivals === 0) {
      const message = `${quote(file)} has no arrival within load.duration ${load.duration}: ${firstArrival(read.trace)}`;
      return broken('trace-empty', ['load.trace', 'load.duration'], message);
    }
    const traced = { ...config, load: { ...load, trace: { file, sha256 } } };
    return { ok: true, config: traced, trace: { path, sha256, arrivals } };
  }

  private once(path: string, file: string): TraceRead {
    const known = this.files.get(path);
    if (known !== undefined) return known;
    const read = this.read(path);
    this.files.set(path, read);
    if (read.ok) return read;
    const shown = isAbsolute(file) ? file : join(this.folders.shownFolder, file);
    const lines = read.problems.filter(({ line }) => line > 0);
    this.problems.push(...lines.map(({ line, message }) => ({ file: shown, line, column: 1, path: '', message })));
    return read;
  }
}

function broken(rule: string, paths: readonly string[], message: string): TracedConfig {
  return { ok: false, broken: [{ rule, paths, message }] };
}

function wholeFileFaults(read: Extract<TraceRead, { ok: false }>, file: string): readonly BrokenRule[] {
  return read.problems
    .filter(({ line }) => line === 0)
    .map(({ message }) => ({
      rule: `trace ${file} ${message}`,
      paths: ['load.trace'],
      message: `${quote(file)} ${message}`,
    }));
}

function firstArrival({ timesNs }: Trace): string {
  return `the first is at ${timesNs[0]! / 1e9} s`;
}
