/** How long a trial waits for answers after measure. */
import type { TrialConfig } from '../scenario/config.ts';

const mostDrainMs = 30_000;

/** The longest a request may still take when measure ends, ms: the strategy's own timeouts, at most half a minute. Then it is abandoned. */
export function drainLimitMs(config: TrialConfig): number {
  const { timeouts, pool } = config.strategy;
  return Math.min(mostDrainMs, pool.queueTimeoutMs + timeouts.connectMs + timeouts.responseMs);
}
