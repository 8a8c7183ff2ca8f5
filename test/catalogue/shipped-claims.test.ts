/** The shipped claims and the shipped scenarios belong together. */
import { describe, expect, test } from 'vitest';
import { catalogueScenarios, shippedClaims } from '../../src/cli/catalogue-results.ts';

const scenarios = await catalogueScenarios();
const claims = await shippedClaims(scenarios);

describe('the catalogue', () => {
  test('has the claims C1 to C25, in this order', () => {
    expect(claims.map(({ id }) => id)).toEqual(Array.from({ length: 25 }, (_, at) => `C${at + 1}`));
  });

  // Names of scenarios, axes and metrics, and ids in `shows`, are checked by `shippedClaims` itself, which throws.
  test.each(claims.map(({ id }) => id))('%s is shown by an expectation of a scenario', (id) => {
    const showing = scenarios.filter(({ expectations }) => expectations.some(({ shows }) => shows.includes(id)));
    expect(showing.map(({ name }) => name)).not.toEqual([]);
  });

  test('files are named as their scenarios, by which results are found', () => {
    for (const { name, file } of scenarios) expect(file).toMatch(new RegExp(`^scenarios/[a-z]+/${name}\\.yaml$`));
  });

  test('every scenario takes 100 s at most', () => {
    const long = scenarios.filter(({ estimatedSeconds }) => estimatedSeconds > 100);
    expect(long.map(({ name, estimatedSeconds }) => `${name}: ${estimatedSeconds}`)).toEqual([]);
  });

  test('all of it runs within an hour', () => {
    const seconds = scenarios.reduce((sum, { estimatedSeconds }) => sum + estimatedSeconds, 0);
    const trials = scenarios.reduce((sum, { variants, blocks }) => sum + variants.length * blocks, 0);
    // An estimate has 0.7 s for what a trial takes beside its load; with two processors it was up to 1.2 s.
    expect(seconds + 0.5 * trials).toBeLessThan(3600);
  });
});
