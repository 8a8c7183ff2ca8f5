/** The text of a scenario file -> the scenario, or every problem in it with its place. */
import { dirname, resolve } from 'node:path';
import { readAxes, type Axis } from './axes.ts';
import { check, missingMessage } from './check.ts';
import { defaultBlocks, fillDefaults } from './defaults.ts';
import { readExpectations, type Expectation } from './expect.ts';
import { readGates } from './gate-list.ts';
import type { Gate } from './gates.ts';
import { readExplanations, type Explanation } from './explain.ts';
import type { HopChain } from './hop-metrics.ts';
import { emptyMap, locate, pathKey, stepsOf, toPlain, without, type MapNode, type Plain } from './node.ts';
import { applyOverrides, mapOrProblem } from './overrides.ts';
import { tooManyTrials } from './plan.ts';
import { byPlace, type Place, type Problem } from './problem.ts';
import { resolveTrial } from './resolve.ts';
import type { BrokenRule } from './broken-rule.ts';
import { brokenRules } from './rules.ts';
import { configSchema, topSchema, type ConfigPatch, type TopInput } from './schema.ts';
import { select, shortList, type Axes } from './selection.ts';
import { setupFiles, type SetupFiles } from './setup-files.ts';
import { SetupCheck } from './setup-rules.ts';
import { readTraceFile } from './trace-file.ts';
import { Traces, type ReadTrace } from './traces.ts';
import { crossProduct, type Cell, type Variant } from './variants.ts';
import { readYaml } from './yaml-tree.ts';

/** A question about connection strategies, with everything needed to run it. */
export interface Scenario {
  readonly name: string;
  /** The file it was read from, as given. */
  readonly file: string;
  /** What relative paths in it are relative to; absolute. */
  readonly folder: string;
  readonly question: string | null;
  readonly description: string | null;
  /** What to look at in the results. */
  readonly look: readonly string[];
  readonly variants: readonly Variant[];
  /**
   * What the other variants are compared with: the alternatives of some axes. A variant's partner has these, and on all other axes
   * the same as the variant (see `counterpart`).
   */
  readonly baseline: Axes | null;
  readonly blocks: number;
  readonly expectations: readonly Expectation[];
  readonly gates: readonly Gate[];
  readonly explanations: readonly Explanation[];
  /** The file's content with `--set` applied and the defaults of `base` filled in, in the shape of the file. */
  readonly document: Readonly<Record<string, unknown>>;
}

export type ParseResult =
  { readonly ok: true; readonly scenario: Scenario } | { readonly ok: false; readonly problems: readonly Problem[] };

export interface ParseOptions {
  /** Shown in problems. */
  readonly file: string;
  /** What relative paths are relative to; the folder of `file` where it is left out. */
  readonly folder?: string;
  /** `path=value` settings, laid over `base` before the axes. */
  readonly set?: readonly string[];
  /** Reads a trace of arrivals; from the file system where it is left out. */
  readonly readTrace?: ReadTrace;
  /** Looks at packages, programs and certificates; in the file system where it is left out. */
  readonly files?: SetupFiles;
}

/** Parses and checks a whole scenario. Problems come in the order of the file. */
export function parseScenario(text: string, options: ParseOptions): ParseResult {
  const { root, problems: syntax, reliableUpToLine } = readYaml(text, options.file);
  if (root === null) return { ok: false, problems: syntax };
  if (root.kind !== 'map') {
    return {
      ok: false,
      problems: [...syntax, { ...root.at, path: '', message: 'must be a map of keys; name: is the first' }],
    };
  }
  const reader = new ScenarioReader(root, options);
  const scenario = reader.read();
  // What a syntax error left behind is not worth a message: only what was read before it is certain.
  const certain = reader.problems.filter(
    ({ line, message }) => reliableUpToLine === Infinity || (line < reliableUpToLine && message !== missingMessage),
  );
  const problems = [...syntax, ...certain].sort(byPlace);
  return scenario === null || problems.length > 0 ? { ok: false, problems } : { ok: true, scenario };
}

class ScenarioReader {
  readonly problems: Problem[] = [];
  private readonly root: MapNode;
  private readonly options: ParseOptions;
  private readonly folder: string;
  private readonly doubtful = new Set<string>();

  constructor(root: MapNode, options: ParseOptions) {
    this.root = root;
    this.options = options;
    this.folder = resolve(options.folder ?? dirname(options.file));
  }

  /** Null, or with problems reported, where there is no scenario. */
  read(): Scenario | null {
    const axes = readAxes(this.root.entries.get('axes')?.value ?? emptyMap(this.root.at));
    this.note(axes.problems, axes.doubtful);
    const overrides = applyOverrides(this.options.set ?? [], this.root, this.readBase(), axes.axes);
    this.note(overrides.problems, overrides.doubtful);
    const { top, base } = overrides;
    const checkedTop = check(topSchema, top, { path: '' });
    this.note(checkedTop.problems, new Set());
    const readable = axes.refused ? null : this.readVariants(base, axes.axes);
    const variants = axes.complete ? readable : null;
    // A baseline is resolved by names alone, so that problems elsewhere do not hide those of the claims.
    const named = variants?.cells ?? null;
    const baseline = named === null ? null : this.readBaseline(top, named);
    const expect = top.entries.get('expect')?.value;
    const unresolved = baseline === null && top.entries.has('baseline');
    const chains = variants === null ? null : chainsOf(variants);
    const claims =
      expect === undefined ? null : readExpectations(expect, named, unresolved ? undefined : baseline, chains);
    this.note(claims?.problems ?? [], new Set());
    const gateList = top.entries.get('gates')?.value;
    const gates = gateList === undefined ? null : readGates(gateList, chains);
    this.note(gates?.problems ?? [], new Set());
    const explain = top.entries.get('explain')?.value;
    const explained = explain === undefined ? null : readExplanations(explain, named);
    this.note(explained?.problems ?? [], new Set());
    if (checkedTop.value === null || variants === null) return null;
    const tooMany = tooManyTrials(variants.variants.length, checkedTop.value.blocks ?? defaultBlocks);
    const blocksAt = top.entries.get('blocks')?.at ?? top.at;
    if (tooMany !== null) this.note([{ ...blocksAt, path: 'blocks', message: tooMany }], new Set());
    if (this.problems.length > 0) return null;
    return this.scenario(checkedTop.value, {
      document: documentOf(top, base, variants.variants),
      variants: variants.variants,
      baseline,
      expectations: claims?.expectations ?? [],
      gates: gates?.gates ?? [],
      explanations: explained?.explanations ?? [],
    });
  }

  private note(problems: readonly Problem[], doubtful: ReadonlySet<string>): void {
    this.problems.push(...problems);
    for (const path of doubtful) this.doubtful.add(path);
  }

  private readBase(): MapNode {
    const base = mapOrProblem(this.root.entries.get('base')?.value, 'base', emptyMap(this.root.at));
    if ('message' in base) {
      this.note([base], new Set());
      return emptyMap(base);
    }
    const checked = check(configSchema, base, { path: 'base' });
    this.note(checked.problems, new Set([...checked.bad, ...checked.meant]));
    return without(base, checked.bad);
  }

  private readVariants(base: MapNode, axes: readonly Axis[]): { cells: readonly Cell[]; variants: readonly Variant[] } {
    const cells = crossProduct(base, axes);
    const faults = new FaultTally(base, this.doubtful);
    const shownFolder = dirname(this.options.file);
    const traces = new Traces(this.options.readTrace ?? readTraceFile, { folder: this.folder, shownFolder });
    const setup = new SetupCheck(this.options.files ?? setupFiles, this.folder);
    const variants: Variant[] = [];
    for (const cell of cells) {
      const patch = configSchema.parse(toPlain(cell.merged));
      const filled = fillDefaults(patch);
      const between = brokenRules(patch, filled);
      const broken = between.length > 0 ? between : setup.rules(filled);
      for (const rule of broken) faults.add(rule, cell);
      if (broken.length > 0) continue;
      const traced = traces.of(filled);
      if (traced.ok) {
        const { config, trace } = traced;
        variants.push({ name: cell.name, axes: cell.axes, config, trial: resolveTrial(config, this.folder, trace) });
      } else {
        for (const rule of traced.broken) faults.add(rule, cell);
      }
    }
    this.note([...faults.problems(cells.length), ...traces.problems], new Set());
    return { cells, variants };
  }

  private readBaseline(top: MapNode, cells: readonly Cell[]): Axes | null {
    const node = top.entries.get('baseline');
    if (node === undefined) return null;
    const checked = check(topSchema.shape.baseline, node.value, { path: 'baseline' });
    if (checked.value === null) return null; // said by the check of the whole top
    const found = select(cells, checked.value);
    if (found.ok) return found.axes;
    const { message, suggestion } = found;
    this.note(
      [{ ...node.at, path: 'baseline', message, ...(suggestion === undefined ? {} : { suggestion }) }],
      new Set(),
    );
    return null;
  }

  private scenario(
    top: TopInput,
    parts: Pick<Scenario, 'document' | 'variants' | 'baseline' | 'expectations' | 'gates' | 'explanations'>,
  ): Scenario {
    const { look } = top;
    return {
      name: top.name,
      file: this.options.file,
      folder: this.folder,
      question: top.question?.trim() ?? null,
      description: top.description?.trim() ?? null,
      look: (typeof look === 'string' ? [look] : (look ?? [])).map((line) => line.trim()),
      blocks: top.blocks ?? defaultBlocks,
      ...parts,
    };
  }
}

/** Null where some variants could not be made. */
function chainsOf({
  cells,
  variants,
}: {
  readonly cells: readonly Cell[];
  readonly variants: readonly Variant[];
}): readonly HopChain[] | null {
  return variants.length < cells.length ? null : variants.map(({ trial }) => trial.via ?? []);
}

function documentOf(top: MapNode, base: MapNode, variants: readonly Variant[]): Readonly<Record<string, unknown>> {
  const plain = toPlain(top) as Readonly<Record<string, Plain>>;
  const patch: ConfigPatch = configSchema.parse(toPlain(base));
  const filled = fillDefaults(patch);
  // A base may hold the parameters of both load models where an axis picks the model, and those of several kinds of server.
  const { load: filledLoad } = filled;
  const asked = 'request' in filledLoad ? { request: filledLoad.request } : { requests: filledLoad.requests };
  const load = { ...filledLoad, ...patch.load, ...asked };
  const server = withoutBlanks({ ...patch.server, ...filled.server });
  // Each client has defaults of its own, which are not those of the base.
  const isReference = variants.every(({ trial }) => trial.client === 'reference');
  const given = isReference ? { load } : { strategy: patch.strategy ?? {}, load: patch.load ?? {} };
  return { ...plain, base: { ...filled, ...given, server }, blocks: plain['blocks'] ?? defaultBlocks };
}

/** A program or address has no default: where only the axes give one, the base stays without. */
function withoutBlanks(server: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const blank = (key: string, value: unknown): boolean =>
    (key === 'command' && Array.isArray(value) && value.length === 0) || (key === 'url' && value === '');
  return Object.fromEntries(Object.entries(server).filter(([key, value]) => !blank(key, value)));
}

/** Collects the rules that variants break, each once for the place to blame, with the variants it was found in. */
class FaultTally {
  private readonly faults = new Map<
    string,
    { readonly rule: BrokenRule; readonly at: Place; path: string; names: string[] }
  >();
  private readonly base: MapNode;
  private readonly doubtful: readonly string[];

  constructor(base: MapNode, doubtful: ReadonlySet<string>) {
    this.base = base;
    this.doubtful = [...doubtful];
  }

  add(rule: BrokenRule, cell: Cell): void {
    // A knob that was wrong, and is taken at its default meanwhile, breaks no rules.
    if (rule.paths.some((path) => this.isDoubtful(path))) return;
    const { at, path } = this.blame(rule, cell);
    const key = `${rule.rule} ${path} ${at.file} ${at.line} ${at.column}`;
    const fault = this.faults.get(key) ?? { rule, at, path, names: [] };
    fault.names.push(cell.name);
    this.faults.set(key, fault);
  }

  /** The first knob involved that an axis sets, else the first that the base sets. */
  private blame(rule: BrokenRule, cell: Cell): { readonly at: Place; readonly path: string } {
    for (const root of [cell.patch, this.base]) {
      for (const path of rule.paths) {
        const { at, node } = locate(root, stepsOf(path));
        if (node === null) continue;
        // A value of the command line stands nowhere in the file.
        return { at, path: root === this.base && at.line > 0 ? `base.${path}` : path };
      }
    }
    return { at: this.base.at, path: rule.paths[0] ?? '' };
  }

  private isDoubtful(path: string): boolean {
    const key = pathKey(stepsOf(path));
    return this.doubtful.some((bad) => bad === key || bad.startsWith(`${key}\0`) || key.startsWith(`${bad}\0`));
  }

  problems(variantCount: number): readonly Problem[] {
    return [...this.faults.values()].map(({ rule, at, path, names }) => {
      const blamed = rule.paths[0] ?? path;
      const knob = path.endsWith(blamed) ? '' : `${blamed} `;
      const where = names.length === variantCount ? '' : ` (in ${shortList(names, 3)})`;
      return { ...at, path, message: `${knob}${rule.message}${where}` };
    });
  }
}
