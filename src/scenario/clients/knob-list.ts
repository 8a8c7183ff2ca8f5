/** The knobs that every client answers for, by their path below `strategy` and `load`. A knob of the schema that is not here is a type error. */
import type { ConfigPatch } from '../schema.ts';
import type { aRange } from './table.ts';

type Strategy = Required<Required<ConfigPatch>['strategy']>;
type MapOf<Value> = Required<Extract<Value, object>>;
/** Maps of knobs; `pool.maxRequests` is one knob, whatever it may be. */
type IsLeaf<Value> = [Extract<Value, object>] extends [never] ? true : false;

/** `protocol`, `pool.size` and so on, made from the schema. */
export type StrategyKnob = {
  [Key in keyof Strategy]: IsLeaf<Strategy[Key]> extends true ? Key : `${Key}.${keyof MapOf<Strategy[Key]> & string}`;
}[keyof Strategy];

type Scalar<Value> = Value extends object ? typeof aRange : Value;
/** What a knob may be, in the text of the file. */
export type ValueOf<Knob extends StrategyKnob> = Knob extends `${infer Map extends keyof Strategy}.${infer Key}`
  ? Scalar<MapOf<Strategy[Map]>[Key & keyof MapOf<Strategy[Map]>]>
  : Scalar<Strategy[Knob & keyof Strategy]>;

export type LoadKnob = keyof Required<ConfigPatch>['load'];

/** In the order of the docs. */
const everyStrategyKnob: Readonly<Record<StrategyKnob, true>> = {
  protocol: true,
  connection: true,
  'pool.size': true,
  'pool.scope': true,
  'pool.order': true,
  'pool.idleTimeout': true,
  'pool.maxRequests': true,
  'pool.maxLifetime': true,
  'pool.maxLifetimeJitter': true,
  'pool.validate': true,
  'pool.prefetch': true,
  'pool.queueLimit': true,
  'pool.queueTimeout': true,
  honourHint: true,
  retry: true,
  closeWith: true,
  pipelining: true,
  'tls.version': true,
  'tls.resumption': true,
  'tcp.noDelay': true,
  'tcp.keepAlive': true,
  'tcp.fastOpen': true,
  'tcp.userTimeout': true,
  'tcp.sourceAddresses': true,
  'timeouts.connect': true,
  'timeouts.response': true,
};
const everyLoadKnob: Readonly<Record<LoadKnob, true>> = {
  model: true,
  rate: true,
  arrivals: true,
  shape: true,
  trace: true,
  users: true,
  thinkTime: true,
  page: true,
  warmUp: true,
  steady: true,
  duration: true,
  workers: true,
  request: true,
  requests: true,
  leak: true,
};

export const strategyKnobs = Object.keys(everyStrategyKnob) as readonly StrategyKnob[];
export const loadKnobs = Object.keys(everyLoadKnob) as readonly LoadKnob[];
