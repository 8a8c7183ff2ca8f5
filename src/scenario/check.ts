/** Checks a piece of the file against its schema and says every problem at the place where it is written. */
import type { z } from 'zod';
import { isFreeMap, knownKeys, pathOfKey } from './config-paths.ts';
import { locate, pathKey, toPlain, type Node } from './node.ts';
import { joinPath, quote, type Problem } from './problem.ts';
import { nearest } from './suggest.ts';

/** Message of a required key that is not there. */
export const missingMessage = 'is missing';
/** Past so many problems of one piece no more suggestions are looked for. */
const maximumSuggestions = 1000;

export interface Checked<Value> {
  /** Null where there are problems. */
  readonly value: Value | null;
  readonly problems: readonly Problem[];
  /** Paths below the node (see `pathKey`) that are wrong, and those that a misspelt key was meant for. */
  readonly bad: ReadonlySet<string>;
  readonly meant: ReadonlySet<string>;
}

export interface CheckOptions {
  /** Path of the node in the file. */
  readonly path: string;
  /** The node was made from a single value at `path`: all its problems are there. */
  readonly single?: boolean;
}

/** Parses the node with a zod schema. */
export function check<Schema extends z.ZodType>(
  schema: Schema,
  node: Node,
  options: CheckOptions,
): Checked<z.output<Schema>> {
  const result = schema.safeParse(toPlain(node));
  const polluting = pollutingPaths(node).filter((path) => isFreeMap(schema, path.slice(0, -1)));
  if (result.success && polluting.length === 0) {
    return { value: result.data, problems: [], bad: new Set(), meant: new Set() };
  }
  const translator = new Translator(schema, node, options);
  for (const issue of result.error?.issues ?? []) translator.add(issue, []);
  for (const path of polluting) translator.refusePolluting(path);
  return { value: null, problems: translator.problems, bad: translator.bad, meant: translator.meant };
}

/** Paths of the key that zod passes over in silence where a map has free keys. */
function pollutingPaths(node: Node, path: readonly PropertyKey[] = []): readonly (readonly PropertyKey[])[] {
  if (node.kind === 'scalar') return [];
  if (node.kind === 'list') return node.items.flatMap((item, index) => pollutingPaths(item, [...path, index]));
  return [...node.entries.values()].flatMap(({ key, value }) =>
    key === '__proto__' ? [[...path, key]] : pollutingPaths(value, [...path, key]),
  );
}

type Issue = z.core.$ZodIssue;

class Translator {
  readonly problems: Problem[] = [];
  readonly bad = new Set<string>();
  readonly meant = new Set<string>();
  private readonly schema: unknown;
  private readonly node: Node;
  private readonly options: CheckOptions;

  constructor(schema: unknown, node: Node, options: CheckOptions) {
    this.schema = schema;
    this.node = node;
    this.options = options;
  }

  add(issue: Issue, prefix: readonly PropertyKey[]): void {
    const path = [...prefix, ...issue.path];
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) this.unknownKey(path, key);
      return;
    }
    const { node } = locate(this.node, path);
    const branch = issue.code === 'invalid_union' && node?.kind === 'map' ? mapBranch(issue.errors) : undefined;
    if (branch !== undefined) {
      for (const inner of branch) this.add(inner, path);
      return;
    }
    const suggestion = issue.code === 'invalid_key' ? this.suggestFreeKey(path) : suggestionOf(issue, node);
    this.report(path, node === null ? missingMessage : messageOf(issue, node), suggestion);
  }

  refusePolluting(path: readonly PropertyKey[]): void {
    this.report(path, 'is not a possible key');
  }

  private report(path: readonly PropertyKey[], message: string, suggestion?: string): void {
    const { at } = locate(this.node, path);
    const shown = this.options.single === true ? this.options.path : joinPath(this.options.path, path);
    this.problems.push({ ...at, path: shown, message, ...(suggestion === undefined ? {} : { suggestion }) });
    this.bad.add(pathKey(path));
  }

  private unknownKey(path: readonly PropertyKey[], key: string): void {
    const full = [...path, key];
    const known = knownKeys(this.schema, path) ?? [];
    const suggestion = this.problems.length < maximumSuggestions ? this.suggest(known, path, key) : undefined;
    if (suggestion !== undefined) this.meant.add(pathKey([...path, suggestion]));
    this.report(full, `is not a known key; known here: ${known.join(', ')}`, suggestion);
  }

  private suggestFreeKey(path: readonly PropertyKey[]): string | undefined {
    const known = knownKeys(this.schema, path.slice(0, -1)) ?? [];
    return this.problems.length < maximumSuggestions ? nearest(String(path.at(-1)), known) : undefined;
  }

  private suggest(known: readonly string[], path: readonly PropertyKey[], key: string): string | undefined {
    const sibling = nearest(key, known);
    if (sibling !== undefined) return sibling;
    const elsewhere = pathOfKey(key, path.length === 0 ? undefined : String(path[0]));
    if (elsewhere === undefined) return undefined;
    // At the top of the file all knobs stand under `base`.
    return known.includes('base') && path.length === 0 ? `base.${elsewhere}` : elsewhere;
  }
}

/** Of the issues by alternative, those of the alternative that takes a map. */
function mapBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  return branches.find((issues) =>
    issues.every((issue) => issue.path.length > 0 || issue.code === 'unrecognized_keys'),
  );
}

function messageOf(issue: Issue, node: Node): string {
  if (issue.code === 'invalid_key') return issue.issues[0]?.message ?? issue.message;
  if (issue.code === 'invalid_type') {
    const { expected } = issue;
    if (expected === 'object' || expected === 'record') return `must be a map of keys, not ${quote(toPlain(node))}`;
    if (expected === 'array') return `must be a list, not ${quote(toPlain(node))}`;
  }
  return issue.message;
}

function suggestionOf(issue: Issue, node: Node | null): string | undefined {
  if (issue.code !== 'invalid_value' || node?.kind !== 'scalar' || typeof node.value !== 'string') return undefined;
  return nearest(node.value, issue.values.map(String));
}
