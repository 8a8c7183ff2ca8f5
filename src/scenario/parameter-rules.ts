/** Rules of a distribution written as a map: the parameters that it takes, all of them and no others. */
import type { BrokenRule } from './broken-rule.ts';
import type { Discriminator } from './discriminators.ts';

/** What breaks them in a map that is given; `name` begins the names of the rules. */
export function parameterRules(
  name: string,
  { path, key, own }: Discriminator,
  given: Readonly<Record<string, unknown>>,
): readonly BrokenRule[] {
  const distribution = given[key];
  if (typeof distribution !== 'string') {
    const message = `needs a distribution: ${Object.keys(own).join(', ')}`;
    return [{ rule: `${name}-distribution`, paths: [path, `${path}.${key}`], message }];
  }
  const wanted = own[distribution] ?? [];
  const foreign = Object.keys(given).filter((parameter) => parameter !== key && !wanted.includes(parameter));
  const missing = wanted.filter((parameter) => !Object.hasOwn(given, parameter));
  return [
    ...foreign.map((parameter) => ({
      rule: `${name}-${parameter}`,
      paths: [`${path}.${parameter}`, `${path}.${key}`],
      message: `is not a parameter of distribution ${distribution}, which takes ${wanted.join(' and ')}`,
    })),
    ...missing.map((parameter) => ({
      rule: `${name}-${parameter}-missing`,
      paths: [path, `${path}.${parameter}`, `${path}.${key}`],
      message: `needs ${parameter}: distribution ${distribution} takes ${wanted.join(' and ')}`,
    })),
  ];
}
