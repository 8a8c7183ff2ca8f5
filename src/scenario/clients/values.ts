/** Reads and sets knobs of a filled configuration by their path, in the words that the tables of the clients use. */
import type { FilledLoad, FilledStrategy } from '../defaults.ts';
import { strategyKnobs, type LoadKnob, type StrategyKnob } from './knob-list.ts';
import { aRange, type KnobValues, type Value } from './table.ts';

/** What a knob is at when it is left out of a filled configuration. */
const neutral: KnobValues = {
  'pool.maxLifetimeJitter': '0%',
  'pool.validate': false,
  'tcp.userTimeout': 'default',
  'tcp.sourceAddresses': 1,
};

/** The knob's value; a map `{ min, max }` as the word for it; null where it does not apply: details of tls that is off. */
export function strategyValue(strategy: FilledStrategy, knob: StrategyKnob): Value | null {
  const value = knob.split('.').reduce<unknown>(step, strategy);
  if (typeof value === 'object' && value !== null) return aRange;
  return isValue(value) ? value : (neutral[knob] ?? null);
}

function step(inner: unknown, key: string): unknown {
  if (typeof inner !== 'object' || inner === null || !Object.hasOwn(inner, key)) return undefined;
  return (inner as Readonly<Record<string, unknown>>)[key];
}

function isValue(value: unknown): value is Value {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

/** Of a leak who collects it, of a shape its kind, of a drawn think time its distribution; `none` and `given` for maps and lists; null where the model has no such knob. */
export function loadValue(load: FilledLoad, knob: LoadKnob): Value | null {
  if (knob === 'leak') return leakOf(load);
  if (knob === 'shape') return load.model === 'closed' ? null : shapeOf(load);
  if (knob === 'trace' || knob === 'page' || knob === 'requests') return knob in load ? 'given' : 'none';
  const value = step(load, knob);
  if (knob === 'thinkTime' && typeof value === 'object') return String(step(value, 'distribution'));
  return isValue(value) ? value : null;
}

function leakOf({ leak }: FilledLoad): Value {
  if (leak === undefined) return 'none';
  return leak.collect === 'never' || leak.collect === 'natural' ? leak.collect : 'forced';
}

function shapeOf(load: FilledLoad): Value {
  return 'shape' in load ? (Object.keys(load.shape)[0] ?? 'steady') : 'steady';
}

/** The strategy with other values; those of `tls` have no place where it is off. A neutral value of a knob is left out. */
export function withKnobs(strategy: FilledStrategy, values: KnobValues): FilledStrategy {
  return strategyKnobs.reduce((changed, knob) => withKnob(changed, knob, values[knob]), strategy);
}

function withKnob(strategy: FilledStrategy, knob: StrategyKnob, value: Value | undefined): FilledStrategy {
  if (value === undefined) return strategy;
  const [map = '', key] = knob.split('.');
  if (key === undefined) return { ...strategy, [map]: value };
  const { tls } = strategy;
  if (map === 'tls') return tls === 'off' ? strategy : { ...strategy, tls: { ...tls, [key]: value } };
  const inner = map === 'pool' ? strategy.pool : map === 'tcp' ? strategy.tcp : strategy.timeouts;
  return { ...strategy, [map]: { ...inner, [key]: value } };
}

/** Leaves out the knobs that ask for nothing, so that results of earlier versions, which lack them, stay comparable. */
export function withoutNeutral<Knobs extends object>(map: 'pool' | 'tcp', knobs: Knobs): Knobs {
  const asks = ([key, value]: readonly [string, unknown]): boolean => {
    const knob = strategyKnobs.find((known) => known === `${map}.${key}`);
    return knob === undefined || neutral[knob] === undefined || neutral[knob] !== value;
  };
  return Object.fromEntries(Object.entries(knobs).filter(asks)) as Knobs;
}
