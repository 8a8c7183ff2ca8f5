/** Which trials number their requests. */
import { expect, test } from 'vitest';
import { sendsAgain } from '../../src/clients/sends-again.ts';
import { openLoad, trialConfig } from './trial-config.ts';

test('those with a rule of the strategy, or with a RetryAgent, and no others', () => {
  const plain = trialConfig(openLoad());
  expect(sendsAgain(plain)).toBe(false);
  expect(sendsAgain({ ...plain, clientSetup: { options: { keepAliveMaxTimeout: 1 } } })).toBe(false);
  expect(sendsAgain({ ...plain, clientSetup: { options: { maxRetries: 1 } } })).toBe(true);
  for (const retry of ['reused-once', 'always-once'] as const) {
    expect(sendsAgain(trialConfig(openLoad(), { retry }))).toBe(true);
  }
});
