/** Whether a trial has requests that may be sent again: then each carries a number, by which the server counts what it executed twice. */
import type { TrialConfig } from '../scenario/config.ts';

/** By the rule of the strategy, or by the client's own: undici's RetryAgent. */
export function sendsAgain({ strategy, clientSetup }: Pick<TrialConfig, 'strategy' | 'clientSetup'>): boolean {
  return strategy.retry !== undefined || clientSetup?.options?.['maxRetries'] !== undefined;
}
