/** What keys the format knows where: for suggestions, for axes by dotted path and for overrides. */
import { z } from 'zod';
import { configSchema } from './schema.ts';
import { nearest } from './suggest.ts';

/** The keys that a schema knows at a path; null where it takes any key, or is no map. */
export function knownKeys(schema: unknown, path: readonly PropertyKey[]): readonly string[] | null {
  const inner = unwrap(schema);
  const [step, ...rest] = path;
  if (inner instanceof z.ZodArray) return step === undefined ? null : knownKeys(inner.element, rest);
  if (!(inner instanceof z.ZodObject)) return null;
  const shape = inner.shape as Readonly<Record<string, unknown>>;
  if (step === undefined) return Object.keys(shape);
  return Object.hasOwn(shape, step) ? knownKeys(shape[String(step)], rest) : null;
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

export function isConfigPath(path: string): boolean {
  return known.has(path);
}

/** The known path that was probably meant: a misspelt one, one with `base.` before it, or a key without its way. */
export function nearestConfigPath(path: string): string | undefined {
  const bare = path.replace(/^base\./, '');
  if (known.has(bare)) return bare;
  return pathOfKey(bare) ?? nearest(bare, configPaths);
}

/** The one path that ends in this key, whatever its case and dashes. */
export function pathOfKey(key: string): string | undefined {
  const wanted = plainKey(key);
  const found = configPaths.filter((path) => plainKey(path.slice(path.lastIndexOf('.') + 1)) === wanted);
  return found.length === 1 ? found[0] : undefined;
}

function plainKey(key: string): string {
  return key.toLowerCase().replaceAll(/[-_]/g, '');
}
