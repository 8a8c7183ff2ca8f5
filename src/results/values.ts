/** The kinds of value that the lines of a result file are made of. */
import { z } from 'zod';

/** A type with every field and item read-only, all the way down. */
export type DeepReadonly<T> = T extends (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T;

export const countSchema = z.int().nonnegative();
export const amountSchema = z.number().nonnegative();
export const reasonSchema = z.string().min(1);
/** A JSON document in the shape of the scenario file; `Infinity` is written as `"unlimited"` (see json-form.ts). */
export const documentSchema = z.record(z.string(), z.unknown());
export const limitSchema = z.union([amountSchema, z.literal('unlimited')]);
export const tallySchema = z.record(z.string(), countSchema);
export const axesSchema = z.record(z.string(), z.string());
export const isoTimeSchema = z.iso.datetime();
