/** Theory in the handbook: a line for a claim, and every figure in a file of its own. */
import { expect, test } from 'vitest';
import type { ScenarioResults } from '../../src/catalogue/claim-outcome.ts';
import { modelPart, renderModels } from '../../src/catalogue/model-part.ts';
import { jsonDocument } from '../../src/results/json-form.ts';
import type { TrialRecord } from '../../src/results/record.ts';
import { configFrom, latencySet, recordOf } from '../model/trials.ts';
import { reuseResults, scenarios, smallClaims } from './small-catalogue.ts';

const inSteps = '  load: { model: open, rate: 100/s, shape: { steps: [{ rate: 100/s, for: 1s }] } }\n';

function resultsOf(connectMs: number, load: string): ScenarioResults {
  const config = configFrom(
    `  network: { mode: lab, rtt: 50ms }\n  server: { kind: reference }\n  strategy: { connection: close }\n${load}`,
  );
  const latency = latencySet({ connect: connectMs, firstByte: 50.3, service: connectMs + 50.3 });
  const byConnection = { new: latency, reused: latencySet({}) };
  const record: TrialRecord = { ...recordOf(config, { byConnection }), valid: true, variant: 't' };
  const like = reuseResults();
  const variants = [{ name: 't', axes: {}, config: jsonDocument(config) }];
  return { ...like, header: { ...like.header, variants }, trials: [record] };
}

const [claim] = smallClaims();
const table = { scenario: 'reuse', metrics: ['connections.opened'] };

function lineOf(results: ScenarioResults): string {
  const evidence = [{ scenario: 'reuse', results, judged: [], lacking: null }];
  return modelPart({ ...claim!, tables: [table] }, evidence).join('\n');
}

test('a claim has the range of the ratios whose assumptions hold, and where to find them', () => {
  const steady = '  load: { model: open, rate: 100/s }\n';
  const line = lineOf(resultsOf(50.2, steady));
  expect(line).toMatch(/^\*\*Theory beside it\.\*\* Formulas speak of \d+ figures of these variants\./);
  expect(line).toMatch(/Where every assumption holds, measured over predicted is [\d.]+ to [\d.]+ \(\d+\)\./);
  expect(line).toContain('[reuse](handbook/models.md#reuse)');
});

test('where theory has nothing to say there is no line, and no file', () => {
  expect(modelPart({ ...claim!, tables: [] }, [])).toEqual([]);
  expect(renderModels({ claims: smallClaims(), scenarios, runs: new Map() })).toBeNull();
});

test('a ratio that is off has what may not hold beside it, one that is near has not', () => {
  const models = (connectMs: number): string => {
    const runs = new Map([['reuse', resultsOf(connectMs, inSteps)]]);
    return renderModels({ claims: smallClaims(), scenarios, runs }) ?? '';
  };
  const connect = (text: string): string =>
    text.split('\n').find((line) => line.includes('opening a connection')) ?? '';
  expect(models(58)).toContain('## reuse');
  expect(connect(models(58))).toContain('perhaps not: requests that come together do not wait for a processor');
  expect(connect(models(50.2))).not.toContain('perhaps not');
});
