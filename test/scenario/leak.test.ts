/** The key `load.leak`: what it becomes, and who refuses it. */
import { describe, expect, it } from 'vitest';
import { briefsOf, scenarioOf } from './read.ts';

const text = (leak: string, more = ''): string => `name: x\nbase: { load: { leak: ${leak} }${more} }\n`;
const leakOf = (leak: string, more = ''): unknown => scenarioOf(text(leak, more)).variants[0]!.trial.load.leak;

/** What is wrong with it, without the place in the text. */
const problemsOf = (of: string): readonly string[] => briefsOf(of).map((brief) => brief.replace(/^\d+:\d+ /, ''));

describe('load.leak', () => {
  it.each([
    ['{ share: 2% }', { share: 0.02, collect: 'never' }],
    ['{ share: 100%, collect: never }', { share: 1, collect: 'never' }],
  ])('%s', (leak, expected) => {
    expect(leakOf(leak)).toEqual(expected);
  });

  it.each([
    ['{ share: 5%, collect: natural }', { share: 0.05, collect: 'natural' }],
    ['{ share: 5%, collect: 0.2s }', { share: 0.05, collect: 'forced', everyMs: 200 }],
  ])('%s, of a client with objects', (leak, expected) => {
    expect(leakOf(leak, ', client: fetch')).toEqual(expected);
  });

  it('a leak of nothing is none', () => {
    expect(scenarioOf(text('{ share: 0% }')).variants[0]!.trial).toEqual(scenarioOf('name: x\n').variants[0]!.trial);
  });

  it.each([
    ['{}', '', 'base.load.leak: needs share: of how many requests the response is never read, such as { share: 2% }'],
    ['{ share: 120% }', '', 'base.load.leak.share: "120%" is more than 100%'],
    [
      '{ share: 2%, collect: natural }',
      '',
      'base.load.leak: natural is not possible with client reference: it has no objects that a collector could find: give never',
    ],
    [
      '{ share: 2% }',
      ', client: http2, strategy: { protocol: h2 }',
      'base.load.leak: never is not possible with client http2: a stream that nobody reads leaves its session to the others: what it holds is no connection',
    ],
    [
      '{ share: 2% }',
      ', strategy: { pipelining: 4 }',
      'base.load.leak: does not go with strategy.pipelining 4: what is not read holds up every answer behind it, so that a leak is not one of a connection',
    ],
  ])('%s%s is refused', (leak, more, message) => {
    expect(problemsOf(text(leak, more))).toEqual([message]);
  });

  it('neither autocannon nor the RetryAgent of undici leaves a response unread', () => {
    expect(problemsOf(text('{ share: 2% }', ', client: autocannon')).join('\n')).toContain(
      'never is not possible with client autocannon: it reads every response',
    );
    const retrying = ', client: { name: undici, options: { maxRetries: 2 } }';
    expect(problemsOf(text('{ share: 2% }', retrying))).toEqual([
      'base.load.leak: is not possible with client undici and maxRetries 2: a response that a RetryAgent hands on is not read by the program alone',
    ]);
  });
});
