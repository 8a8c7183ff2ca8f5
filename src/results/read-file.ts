/** Reads a result file, also one whose run was killed, and refuses what is not one with the line that shows it. */
import { UserError } from '../scenario/user-error.ts';
import { fileLines, type FileLine } from './file-lines.ts';
import { fileTrouble } from './file-trouble.ts';
import { importedNull } from './imported-nulls.ts';
import { issues, parseJson, typeOf } from './json-line.ts';
import { readTrialLine } from './trial-line.ts';
import {
  footerSchema,
  headerSchema,
  schemaVersion,
  trialSchema,
  type FooterRecord,
  type HeaderRecord,
  type TrialRecord,
} from './record.ts';

/** Something about a file that does not hinder its use. */
export interface FileProblem {
  readonly code: 'half-written-line' | 'no-footer';
  /** From 1; null where it concerns the whole file. */
  readonly line: number | null;
  readonly message: string;
}

export interface ResultFile {
  readonly path: string;
  readonly header: HeaderRecord;
  /** In the order of the file. A trial that was interrupted is left out once it was run again. */
  readonly trials: readonly TrialRecord[];
  /** Null where the run was killed. */
  readonly footer: FooterRecord | null;
  readonly problems: readonly FileProblem[];
}

/** A result file, and what going on with it needs to know about its bytes. */
export interface ResultFileLayout extends ResultFile {
  /** End of the last whole header or trial line. */
  readonly endOfTrialsBytes: number;
  /** The last header or trial line is whole but has no line feed. */
  readonly needsLineFeed: boolean;
}

/** Most unusable lines named in one message. */
const mostReported = 20;

/**
 * Reads a whole file. A half-written last line and a missing footer are reported as problems. Rejects with a `UserError` where the file
 * cannot be read, is empty, is not a result file, was written by a later format version, or has an unusable line before its last.
 */
export async function readResultFile(path: string): Promise<ResultFile> {
  const { header, trials, footer, problems } = await readLayout(path);
  return { path, header, trials, footer, problems };
}

/** `readResultFile` with the layout of the file. */
export async function readLayout(path: string): Promise<ResultFileLayout> {
  const reader = new Reader(path);
  try {
    for await (const line of fileLines(path)) reader.take(line);
  } catch (error) {
    throw fileTrouble(error, path, 'read');
  }
  return reader.finish();
}

class Reader {
  readonly #path: string;
  #header: HeaderRecord | null = null;
  #planned: ReadonlySet<number> = new Set();
  #footer: FooterRecord | null = null;
  readonly #trials = new Map<number, TrialRecord>();
  readonly #problems: FileProblem[] = [];
  readonly #unusable: string[] = [];
  #endOfTrialsBytes = 0;
  #needsLineFeed = false;

  constructor(path: string) {
    this.#path = path;
  }

  take(line: FileLine): void {
    if (this.#header === null) {
      this.#header = this.#readHeader(parseJson(line.text), line);
      this.#planned = new Set(this.#header.trials.map((trial) => trial.index));
      this.#keep(line);
      return;
    }
    const found = this.#takeAfterHeader(line);
    if (found === null) return;
    if (line.terminated || found.parsed) {
      this.#unusable.push(`line ${line.number}: ${found.message}`);
    } else {
      const message = `line ${line.number} is half written: the run was killed while it wrote this line, which is left out`;
      this.#problems.push({ code: 'half-written-line', line: line.number, message });
    }
  }

  finish(): ResultFileLayout {
    if (this.#header === null) {
      throw new UserError(
        'RESULTS_EMPTY',
        `${this.#path} is empty`,
        'The run was killed before it began; run it again.',
      );
    }
    this.#refuseUnusable();
    if (this.#footer === null) {
      const message = `the run was killed: ${this.#trials.size} of ${this.#header.trials.length} trials are in the file`;
      this.#problems.push({ code: 'no-footer', line: null, message });
    }
    return {
      path: this.#path,
      header: this.#header,
      trials: [...this.#trials.values()],
      footer: this.#footer,
      problems: this.#problems,
      endOfTrialsBytes: this.#endOfTrialsBytes,
      needsLineFeed: this.#needsLineFeed,
    };
  }

  #refuseUnusable(): void {
    const count = this.#unusable.length;
    if (count === 0) return;
    const shown = this.#unusable.slice(0, mostReported);
    if (count > shown.length) shown.push(`and ${count - shown.length} more`);
    throw new UserError(
      'RESULTS_CORRUPT',
      `${this.#path} is damaged:\n  ${shown.join('\n  ')}`,
      'Remove these lines to use the rest, or run the scenario again.',
    );
  }

  #keep(line: FileLine): void {
    this.#endOfTrialsBytes = line.endBytes;
    this.#needsLineFeed = !line.terminated;
  }

  #readHeader(value: unknown, line: FileLine): HeaderRecord {
    if (typeOf(value) !== 'header') throw this.#notAResultFile(line);
    const version = (value as { schemaVersion?: unknown }).schemaVersion;
    if (typeof version === 'number' && version > schemaVersion) {
      throw new UserError(
        'RESULTS_VERSION',
        `${this.#path} has schema version ${version}; this connbench reads version ${schemaVersion}`,
        'Read it with the connbench that wrote it, or a later one.',
      );
    }
    const parsed = headerSchema.safeParse(value);
    if (parsed.success) return parsed.data;
    throw new UserError(
      'RESULTS_CORRUPT',
      `${this.#path} is damaged:\n  line 1: ${issues(parsed.error)}`,
      'Run the scenario again.',
    );
  }

  #notAResultFile(line: FileLine): UserError {
    const beginning = '{"type":"header"';
    if (!line.terminated && line.text?.slice(0, beginning.length) === beginning.slice(0, line.text?.length)) {
      const hint = 'The run was killed before it began; run it again.';
      return new UserError('RESULTS_EMPTY', `${this.#path} holds only half a header`, hint);
    }
    return new UserError(
      'RESULTS_FOREIGN',
      `${this.#path} is not a connbench result file: line 1 is not a header`,
      'Give a file that `connbench run` wrote (*.ndjson).',
    );
  }

  /** What is wrong with the line; null where it was taken. */
  #takeAfterHeader(line: FileLine): Trouble | null {
    const quick = line.text === null ? null : readTrialLine(line.text);
    if (quick !== null) return this.#takeTrial(quick, line);
    const value = parseJson(line.text);
    if (value === undefined) {
      return { parsed: false, message: line.text === null ? 'not UTF-8 text, or far too long' : 'not JSON' };
    }
    if (this.#footer !== null) return trouble('stands after the footer');
    switch (typeOf(value)) {
      case 'header':
        return trouble('a second header: two result files in one');
      case 'footer': {
        const footer = footerSchema.safeParse(value);
        if (!footer.success) return trouble(issues(footer.error));
        this.#footer = footer.data;
        return null;
      }
      case 'trial': {
        const trial = trialSchema.safeParse(value);
        if (!trial.success) return trouble(issues(trial.error));
        return this.#takeTrial(trial.data, line);
      }
      default:
        return trouble('neither a trial nor a footer');
    }
  }

  #takeTrial(trial: TrialRecord, line: FileLine): Trouble | null {
    const { index } = trial;
    if (this.#footer !== null) return trouble('stands after the footer');
    const absent = this.#header?.imported === undefined ? importedNull(trial) : null;
    if (absent !== null) return trouble(`${absent}: null, as only an imported figure may be`);
    if (!this.#planned.has(index)) return trouble(`trial ${index} is not among the planned trials`);
    const earlier = this.#trials.get(index);
    if (earlier !== undefined && !wasInterrupted(earlier)) return trouble(`trial ${index} is there twice`);
    // Deleted first, so that the map keeps the order of the file.
    this.#trials.delete(index);
    this.#trials.set(index, trial);
    this.#keep(line);
    return null;
  }
}

interface Trouble {
  /** False where the line is no JSON, as the last one of a killed run is. */
  readonly parsed: boolean;
  readonly message: string;
}

function trouble(message: string): Trouble {
  return { parsed: true, message };
}

/** Whether a trial was cut short by the user: it does not count as done. */
export function wasInterrupted(trial: TrialRecord): boolean {
  return trial.invalidReasons.some((reason) => reason.code === 'interrupted');
}
