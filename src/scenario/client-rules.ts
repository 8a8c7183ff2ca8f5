/** Rules of the clients: which knobs, loads and options each can do, by its table. */
import type { BrokenRule } from './broken-rule.ts';
import { loadKnobs, strategyKnobs, type StrategyKnob } from './clients/knob-list.ts';
import { knobsOfOptions, optionProblem } from './clients/options.ts';
import type { ClientTable, KnobEntry, Value } from './clients/table.ts';
import { clientTables } from './clients/tables.ts';
import { loadValue, strategyValue } from './clients/values.ts';
import type { FilledConfig } from './defaults.ts';
import { discriminators, foreignKeys } from './discriminators.ts';
import { clientDetails } from './fill-strategy.ts';
import { quote } from './problem.ts';
import { configSchema, type ConfigPatch } from './schema.ts';
import { parseDuration } from './units.ts';

/** The rules of its client that a variant breaks. */
export function clientRules(patch: ConfigPatch, filled: FilledConfig): readonly BrokenRule[] {
  const { name } = clientDetails(filled.client);
  const table = clientTables[name];
  const knobs = knobRules(table, filled);
  return [
    ...detailRules(filled),
    ...optionRules(table, patch, filled),
    ...knobs,
    ...(table.rules?.(filled) ?? []).map((rule) => ({ ...rule, rule: `client-${name}-${rule.paths[0] ?? ''}` })),
    ...(name === 'reference' ? [] : wholeMillisecondRules(table, filled)),
  ];
}

/** Why a client cannot do one value of a knob; null where it can. */
function refusal(entry: KnobEntry, value: Value): string | null {
  if ('only' in entry) return entry.only === value ? null : entry.because;
  return entry.refuses?.find(({ values }) => values.includes(value))?.because ?? null;
}

function knobRules(table: ClientTable, { strategy, load }: FilledConfig): readonly BrokenRule[] {
  const ofStrategy = strategyKnobs.flatMap((knob) =>
    refused(table, `strategy.${knob}`, table.strategy[knob], strategyValue(strategy, knob)),
  );
  const ofLoad = loadKnobs.flatMap((knob) => refused(table, `load.${knob}`, table.load[knob], loadValue(load, knob)));
  return [...ofStrategy, ...ofLoad];
}

function refused({ name }: ClientTable, path: string, entry: KnobEntry, value: Value | null): readonly BrokenRule[] {
  const because = value === null ? null : refusal(entry, value);
  if (value === null || because === null) return [];
  const shown = value === 'given' ? '' : `${value} `;
  return [
    {
      rule: `client-${name}-${path}`,
      paths: [path, 'client'],
      message: `${shown}is not possible with client ${name}: ${because}`,
    },
  ];
}

/** Of clients that are part of Node, or of connbench, there is no package. */
function detailRules({ client }: FilledConfig): readonly BrokenRule[] {
  const { name, ...details } = clientDetails(client);
  return foreignKeys(discriminators.client, name, Object.keys(details)).map(({ key, kinds }) => {
    const advice = name === 'reference' ? 'is part of connbench' : 'is part of Node; client.runtime says of which';
    const message = `is for the clients that are packages (${kinds.join(', ')}), and ${name} ${advice}`;
    return { rule: `client-${key}`, paths: [`client.${key}`, 'client.name', 'client'], message };
  });
}

function optionRules(table: ClientTable, patch: ConfigPatch, { client }: FilledConfig): readonly BrokenRule[] {
  const { options = {} } = clientDetails(client);
  const broken = Object.entries(options).flatMap(([option, value]) => {
    const message = optionProblem(table, option, value);
    return message === null ? [] : [optionRule(option, message)];
  });
  if (broken.length > 0) return broken;
  return Object.entries(options).flatMap(([option, value]) => {
    const [knob, wanted] = Object.entries(knobsOfOptions(table, { [option]: value }))[0] ?? [];
    if (knob === undefined || wanted === undefined) return [];
    return aliasRules(option, knob as StrategyKnob, wanted, patch);
  });
}

/** An option that is a knob by another name: within the bounds of the knob, and not against what the file says of it. */
function aliasRules(
  option: string,
  knob: StrategyKnob,
  wanted: Value,
  { strategy }: ConfigPatch,
): readonly BrokenRule[] {
  const [map = '', key] = knob.split('.');
  const checked = configSchema.safeParse({ strategy: { [map]: key === undefined ? wanted : { [key]: wanted } } });
  if (!checked.success) {
    const issue = checked.error.issues[0]?.message ?? 'is not possible';
    return [optionRule(option, `is strategy.${knob}, which ${issue}`)];
  }
  const inFile = givenValue(strategy, map, key);
  if (inFile === undefined || inFile === wanted) return [];
  const message = `is strategy.${knob} ${wanted} by another name, but that is ${quote(inFile)}; give one of them`;
  return [{ ...optionRule(option, message), paths: [`client.options.${option}`, `strategy.${knob}`] }];
}

function givenValue(strategy: ConfigPatch['strategy'] = {}, map: string, key: string | undefined): unknown {
  const outer: unknown = Object.hasOwn(strategy, map) ? strategy[map as keyof typeof strategy] : undefined;
  if (key === undefined || typeof outer !== 'object' || outer === null) return key === undefined ? outer : undefined;
  return Object.hasOwn(outer, key) ? (outer as Readonly<Record<string, unknown>>)[key] : undefined;
}

function optionRule(option: string, message: string): BrokenRule {
  return { rule: `option-${option}`, paths: [`client.options.${option}`, 'client.options', 'client'], message };
}

const timers = [
  'pool.idleTimeout',
  'pool.maxLifetime',
  'pool.queueTimeout',
  'timeouts.connect',
  'timeouts.response',
] as const;

/** The timers of Node count whole milliseconds. */
function wholeMillisecondRules({ name }: ClientTable, { strategy }: FilledConfig): readonly BrokenRule[] {
  return timers.flatMap((knob) => {
    const value = strategyValue(strategy, knob);
    const parsed = parseDuration(value);
    if (!parsed.ok || Number.isInteger(parsed.value)) return [];
    const message = `${String(value)} is not possible with client ${name}: its timers count whole milliseconds`;
    return [{ rule: `client-${name}-${knob}`, paths: [`strategy.${knob}`, 'client'], message }];
  });
}
