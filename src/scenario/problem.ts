/** What is wrong with a scenario and where, and how values from a file are shown safely on a terminal. */

/** A position in a file; line and column count from 1, and are 0 where the whole file, or a command line argument, is meant. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface Problem extends Place {
  /** Dotted path from the root of the file, for example `base.load.rate` or `expect[0].metric`; empty for the file itself. */
  readonly path: string;
  readonly message: string;
  /** What was probably meant, ready to be pasted. */
  readonly suggestion?: string;
}

/** A problem of the whole file. */
export function wholeFileProblem(file: string, message: string, suggestion?: string): Problem {
  return { file, line: 0, column: 0, path: '', message, ...(suggestion === undefined ? {} : { suggestion }) };
}

/** One line for people: `file:line:col path: message (did you mean "x"?)`. */
export function formatProblem(problem: Problem): string {
  const place = problem.line === 0 ? problem.file : `${problem.file}:${problem.line}:${problem.column}`;
  const path = problem.path === '' ? '' : ` ${problem.path}`;
  const separator = problem.line === 0 && path === '' ? ': ' : path === '' ? ' ' : `${path}: `;
  const suggestion = problem.suggestion === undefined ? '' : ` (did you mean ${quote(problem.suggestion)}?)`;
  return `${place}${separator}${problem.message}${suggestion}`;
}

/** Orders problems by file and position, as a reader meets them. */
export function byPlace(left: Problem, right: Problem): number {
  if (left.file !== right.file) return left.file < right.file ? -1 : 1;
  return left.line - right.line || left.column - right.column;
}

/** Characters that may not reach a terminal or a name: control, format, private, unassigned, line and paragraph separators. */
const unprintable = /[\p{C}\p{Zl}\p{Zp}]/gu;
const longestQuoteChars = 60;

/** True if the text holds characters that would not show, or would steer a terminal. */
export function hasUnprintable(text: string): boolean {
  return text.search(unprintable) >= 0;
}

/** Shows a value of the file in a message: quoted, on one line, without control characters, cut to 60 characters. */
export function quote(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value !== 'string') return printable(flow(value, 0));
  return `"${printable(value).replaceAll('"', '\\"')}"`;
}

function printable(text: string): string {
  const characters = Array.from(text.slice(0, 4 * longestQuoteChars));
  const cut = characters.length > longestQuoteChars ? `${characters.slice(0, longestQuoteChars).join('')}...` : text;
  return cut.replaceAll(unprintable, escapeCharacter);
}

function escapeCharacter(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

/** YAML's flow style, shallow and short: enough to recognise the value. */
function flow(value: unknown, depth: number): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return String(value);
  if (depth === 2) return '...';
  if (Array.isArray(value)) {
    return `[${value
      .slice(0, 5)
      .map((item) => flow(item, depth + 1))
      .join(', ')}]`;
  }
  const entries = Object.entries(value).slice(0, 5);
  return `{${entries.map(([key, item]) => `${key}: ${flow(item, depth + 1)}`).join(', ')}}`;
}

/** Joins keys and list indexes to a dotted path; keys that a terminal should not see are quoted. */
export function joinPath(base: string, keys: readonly PropertyKey[]): string {
  let path = base;
  for (const key of keys) {
    if (typeof key === 'number') path += `[${key}]`;
    else path += `${path === '' ? '' : '.'}${displayKey(String(key))}`;
  }
  return path;
}

function displayKey(key: string): string {
  return key.length <= 60 && /^[\p{L}\p{N}_./-]+$/u.test(key) ? key : quote(key);
}
