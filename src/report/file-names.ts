/** Makes names of files and tags from names of runs and variants, which may hold anything. */
import { distinct } from './run-names.ts';

const mostChars = 80;

/** Letters, digits, dot, dash and underscore; no dot or dash at either end; never empty, at most 80 characters. */
export function fileNamePart(name: string): string {
  const kept = name
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .slice(0, mostChars)
    .replaceAll(/^[-.]+|[-.]+$/g, '');
  return kept === '' ? 'unnamed' : kept;
}

/** `fileNamePart` of each, every one different from the others also where case does not count. */
export function fileNameParts(names: readonly string[]): readonly string[] {
  return distinctFileNames(names.map(fileNamePart));
}

/** The names, numbered where they are equal but for case. */
export function distinctFileNames(names: readonly string[]): readonly string[] {
  return distinct(
    names,
    (name, number) => `${name}_${number}`,
    (name) => name.toLowerCase(),
  );
}
