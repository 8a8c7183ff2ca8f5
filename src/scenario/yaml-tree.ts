/** YAML text -> a tree of values with their places, and every syntax problem; hostile text is refused before it can cost anything. */
import {
  Composer,
  LineCounter,
  Parser,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Alias,
  type CST,
  type Document,
  type ParsedNode,
} from 'yaml';
import type { MapEntry, Node } from './node.ts';
import { joinPath, quote, type Place, type Problem } from './problem.ts';

/** Largest scenario file. */
export const maximumFileBytes = 1_000_000;
/** Deepest nesting; the format itself needs nine levels. */
const maximumDepth = 40;
/** Values that aliases may add beyond those written out. */
const maximumAliasedValues = 10_000;
const maximumSyntaxProblems = 1000;
/** Entries and marks; a scenario of 10,000 variants needs a tenth. */
const maximumTokens = 300_000;

export interface YamlTree {
  /** Null where the text has no value, or was refused. */
  readonly root: Node | null;
  readonly problems: readonly Problem[];
  /** Line of the first syntax error: what follows it may be misread. `Infinity` without one. */
  readonly reliableUpToLine: number;
}

/** Reads one YAML 1.2 document. Problems carry `file` as their file. */
export function readYaml(text: string, file: string): YamlTree {
  const refuse = (message: string, place?: Place): YamlTree => {
    const at = place ?? { file, line: 0, column: 0 };
    return { root: null, problems: [{ ...at, path: '', message }], reliableUpToLine: 0 };
  };
  if (Buffer.byteLength(text) > maximumFileBytes) return refuse(tooLarge(Buffer.byteLength(text)));
  const nul = text.indexOf('\0');
  if (nul >= 0) return refuse('contains a NUL byte, so this is not a text file', placeInText(text, nul, file));

  const counter = new LineCounter();
  const placeOf = (offset: number): Place => {
    const { line, col } = counter.linePos(offset);
    return { file, line, column: col };
  };
  const tokens = firstTokens(new Parser(counter.addNewLine).parse(text));
  const costly = firstTooCostly(tokens);
  if (costly !== null) return refuse(costly.message, placeOf(costly.offset));

  // Duplicate keys are found below: the library's own check takes quadratic time.
  const composer = new Composer({ uniqueKeys: false, prettyErrors: false, lineCounter: counter });
  const [first, second] = [...composer.compose(tokens, true, text.length)] as readonly (Document.Parsed | undefined)[];
  if (first === undefined) return refuse('is empty');
  const syntax = syntaxProblems(first, placeOf);
  if (second !== undefined && syntax.length === 0) {
    const at = placeOf(second.range[0]);
    return refuse('holds more than one YAML document; a scenario is one', at);
  }
  return new TreeBuilder(placeOf).build(first, syntax);
}

/** The reason why a file of so many bytes is not read. */
export function tooLarge(bytes: number): string {
  return `is ${bytes} bytes; a scenario file may have at most ${maximumFileBytes}`;
}

function placeInText(text: string, offset: number, file: string): Place {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { file, line: before.split('\n').length, column: offset - lineStart + 1 };
}

/** The tokens at the top, and no more than one past the limit. */
function firstTokens(all: Iterable<CST.Token>): readonly CST.Token[] {
  const tokens: CST.Token[] = [];
  for (const token of all) {
    tokens.push(token);
    if (tokens.length > maximumTokens) break;
  }
  return tokens;
}

/** The first token beyond the limits of depth and number. Iterative: the composer recurses, so this must come before it. */
function firstTooCostly(tokens: readonly CST.Token[]): { readonly message: string; readonly offset: number } | null {
  let count = tokens.length;
  const stack = tokens.map((token) => ({ token, depth: 0 }));
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { token, depth } = next;
    if (depth > maximumDepth) return { message: `is nested deeper than ${maximumDepth} levels`, offset: token.offset };
    count += marksOf(token);
    if (count > maximumTokens) {
      return { message: `holds more than ${maximumTokens} YAML tokens`, offset: token.offset };
    }
    if (token.type === 'document' && token.value !== undefined) stack.push({ token: token.value, depth });
    if (!('items' in token)) continue;
    for (const { key, value } of token.items as readonly CST.CollectionItem[]) {
      if (key) stack.push({ token: key, depth: depth + 1 });
      if (value) stack.push({ token: value, depth: depth + 1 });
    }
  }
  return null;
}

/** Entries of a collection, and the commas, spaces, comments and tags before and in them. */
function marksOf(token: CST.Token): number {
  if (token.type === 'document') return token.start.length;
  if (!('items' in token)) return 0;
  const items = token.items as readonly CST.CollectionItem[];
  return items.reduce((sum, { start, sep }) => sum + 1 + start.length + (sep?.length ?? 0), 0);
}

function syntaxProblems(document: Document.Parsed, placeOf: (offset: number) => Place): readonly Problem[] {
  const problems: Problem[] = [];
  for (const error of [...document.errors, ...document.warnings]) {
    if (problems.length === maximumSyntaxProblems) {
      const more = document.errors.length + document.warnings.length - maximumSyntaxProblems;
      problems.push({ ...placeOf(error.pos[0]), path: '', message: `and ${more} more YAML errors` });
      break;
    }
    problems.push({ ...placeOf(error.pos[0]), path: '', message: `YAML: ${error.message}` });
  }
  if (document.directives.yaml.explicit === true && document.directives.yaml.version !== '1.2') {
    const message = `YAML ${document.directives.yaml.version} is not read; leave the %YAML line out or write 1.2`;
    problems.push({ ...placeOf(0), path: '', message });
  }
  return problems;
}

interface Sized {
  readonly node: Node;
  /** Values in the tree with every alias written out. */
  readonly size: number;
}

/** Converts the library's nodes, shares what aliases point at, and counts what they would expand to. */
class TreeBuilder {
  private readonly placeOf: (offset: number) => Place;
  private readonly problems: Problem[] = [];
  private readonly anchors = new Map<string, Sized | 'open'>();
  private aliasedValues = 0;
  private refusedAliases = false;

  constructor(placeOf: (offset: number) => Place) {
    this.placeOf = placeOf;
  }

  build(document: Document.Parsed, syntax: readonly Problem[]): YamlTree {
    const reliableUpToLine = Math.min(Infinity, ...syntax.map((problem) => problem.line));
    const { contents } = document;
    const empty = contents === null || (isScalar(contents) && contents.value === null && contents.source === '');
    if (empty && syntax.length === 0) this.report(this.placeOf(0), [], 'is empty');
    const root = empty ? null : (this.convert(contents, this.placeOf(0), [])?.node ?? null);
    return {
      root: this.refusedAliases ? null : root,
      problems: [...syntax, ...this.problems],
      reliableUpToLine,
    };
  }

  private report(at: Place, keys: readonly PropertyKey[], message: string): void {
    this.problems.push({ ...at, path: joinPath('', keys), message });
  }

  /** Null where an alias leads nowhere: said already, and best left out. */
  private convert(source: ParsedNode | null, fallback: Place, keys: readonly PropertyKey[]): Sized | null {
    if (source === null) return { node: { kind: 'scalar', value: null, at: fallback }, size: 1 };
    const at = this.placeOf(source.range[0]);
    if (isAlias(source)) return this.follow(source.source, at, keys);
    const anchor = source.anchor;
    if (anchor !== undefined) this.anchors.set(anchor, 'open');
    const sized = this.convertValue(source, at, keys);
    if (anchor !== undefined) this.anchors.set(anchor, sized);
    return sized;
  }

  private convertValue(source: Exclude<ParsedNode, Alias.Parsed>, at: Place, keys: readonly PropertyKey[]): Sized {
    if (isMap(source)) return this.convertMap(source.items, at, keys);
    if (isSeq(source)) {
      const items = source.items
        .map((item, index) => this.convert(item, at, [...keys, index]))
        .filter((item) => item !== null);
      return { node: { kind: 'list', items: items.map(({ node }) => node), at }, size: sum(items) };
    }
    const value: unknown = isScalar(source) ? source.value : undefined;
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || value === null) {
      return { node: { kind: 'scalar', value, at }, size: 1 };
    }
    this.report(at, keys, 'is a kind of YAML value that scenarios do not use');
    return { node: { kind: 'scalar', value: null, at }, size: 1 };
  }

  private convertMap(
    items: readonly { key: unknown; value: unknown }[],
    at: Place,
    keys: readonly PropertyKey[],
  ): Sized {
    const entries = new Map<string, MapEntry>();
    const sizes: Sized[] = [];
    for (const item of items) {
      const key = this.keyOf(item.key as ParsedNode, at, keys);
      if (key === null) continue;
      const value = this.convert(item.value as ParsedNode | null, key.at, [...keys, key.text]);
      const earlier = entries.get(key.text);
      if (value === null) continue;
      if (earlier === undefined) {
        entries.set(key.text, { key: key.text, at: key.at, value: value.node });
        sizes.push(value);
      } else {
        this.report(key.at, [...keys, key.text], `is given twice; the first is on line ${earlier.at.line}`);
      }
    }
    return { node: { kind: 'map', entries, at }, size: sum(sizes) };
  }

  private keyOf(
    source: ParsedNode | null,
    mapAt: Place,
    keys: readonly PropertyKey[],
  ): { text: string; at: Place } | null {
    const at = source === null ? mapAt : this.placeOf(source.range[0]);
    if (!isScalar(source)) {
      this.report(at, keys, 'has a key that is not a plain word');
      return null;
    }
    const { value } = source;
    const text = typeof value === 'string' ? value : source.source;
    if (text === '') {
      this.report(at, keys, 'has an empty key');
      return null;
    }
    return { text, at };
  }

  private follow(name: string, at: Place, keys: readonly PropertyKey[]): Sized | null {
    if (this.refusedAliases) return null;
    const target = this.anchors.get(name);
    if (target === undefined || target === 'open') {
      const why = target === 'open' ? 'points at something that contains it' : 'points at no anchor before it';
      this.report(at, keys, `the alias ${quote(`*${name}`)} ${why}`);
      return null;
    }
    this.aliasedValues += target.size;
    if (this.aliasedValues > maximumAliasedValues) {
      this.refusedAliases = true;
      this.report(at, keys, `the aliases of this file stand for more than ${maximumAliasedValues} values`);
      return null;
    }
    return target;
  }
}

function sum(parts: readonly Sized[]): number {
  return parts.reduce((total, part) => total + part.size, 1);
}
