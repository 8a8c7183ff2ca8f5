/** What keys the format knows where: for suggestions, for axes by dotted path and for overrides. */
import { z } from 'zod';
import { configSchema } from './schema.ts';
import { nearest } from './suggest.ts';

/** The keys that a schema knows at a path, of a map with free keys those it suggests; null where there are none, or no map. */
export function knownKeys(schema: unknown, path: readonly PropertyKey[]): readonly string[] | null {
  const inner = unwrap(schema);
  const [step, ...rest] = path;
  if (inner instanceof z.ZodRecord) return step === undefined ? suggestedKeys(inner) : knownKeys(inner.valueType, rest);
  if (inner instanceof z.ZodArray) return step === undefined ? null : knownKeys(inner.element, rest);
  if (!(inner instanceof z.ZodObject)) return null;
  const shape = inner.shape as Readonly<Record<string, unknown>>;
  if (step === undefined) return Object.keys(shape);
  return Object.hasOwn(shape, step) ? knownKeys(shape[String(step)], rest) : null;
}

/** Of keys that are one of some words or match a pattern, the words. */
function suggestedKeys({ keyType }: z.ZodRecord): readonly string[] | null {
  if (!(keyType instanceof z.ZodUnion)) return null;
  const words = keyType.options.find((option) => option instanceof z.ZodEnum);
  return words?.options.map(String) ?? null;
}

/** The schema under wrappers; of alternatives, the map. */
function unwrap(schema: unknown): unknown {
  if (schema instanceof z.ZodExactOptional) return unwrap(schema.unwrap());
  if (schema instanceof z.ZodUnion) return schema.options.map(unwrap).find((option) => option instanceof z.ZodObject);
  return schema;
}

function allPaths(path: readonly string[]): readonly string[] {
  const keys = knownKeys(configSchema, path) ?? [];
  return keys.flatMap((key) => [[...path, key].join('.'), ...allPaths([...path, key])]);
}

/** Every dotted path that `base` may hold, maps included. */
const configPaths: readonly string[] = allPaths([]);
const known = new Set(configPaths);
/** Paths of maps with keys of the user's choice. */
const freeMaps = new Set(configPaths.filter((path) => isFreeMap(configSchema, path.split('.'))));

/** True where a schema takes keys of the user's choice at a path. */
export function isFreeMap(schema: unknown, path: readonly PropertyKey[]): boolean {
  const inner = unwrap(schema);
  const [step, ...rest] = path;
  if (step === undefined) return inner instanceof z.ZodRecord;
  if (inner instanceof z.ZodArray) return isFreeMap(inner.element, rest);
  return inner instanceof z.ZodObject && isFreeMap((inner.shape as Readonly<Record<PropertyKey, unknown>>)[step], rest);
}

/** True for the path of a knob, or of a map or list of them; a key of a map with free keys is one whether it may stand or not. */
export function isConfigPath(path: string): boolean {
  return known.has(path) || freeMaps.has(path.slice(0, path.lastIndexOf('.')));
}

/** The known path that was probably meant: a misspelt one, one with `base.` before it, or a key without its way. */
export function nearestConfigPath(path: string): string | undefined {
  const bare = path.replace(/^base\./, '');
  if (known.has(bare)) return bare;
  return pathOfKey(bare) ?? nearest(bare, configPaths);
}

/** The one path that ends in this key, whatever its case and dashes; of several the one of this section. */
export function pathOfKey(key: string, section = 'strategy'): string | undefined {
  const wanted = plainKey(key);
  const found = configPaths.filter((path) => plainKey(path.slice(path.lastIndexOf('.') + 1)) === wanted);
  const wantedHere = found.length === 1 ? found : found.filter((path) => path.startsWith(`${section}.`));
  return wantedHere.length === 1 ? wantedHere[0] : undefined;
}

function plainKey(key: string): string {
  return key.toLowerCase().replaceAll(/[-_]/g, '');
}
