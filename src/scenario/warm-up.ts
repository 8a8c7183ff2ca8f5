/** How long the warm-up of a load may take. */
import type { LoadConfig } from './config.ts';

/** The longest that warm-up may take, ms: up to the planned start of measure, which a load that becomes steady brings forward. */
export function longestWarmUpMs({ warmUpMs, steadyMs = 0 }: Pick<LoadConfig, 'warmUpMs' | 'steadyMs'>): number {
  return warmUpMs + steadyMs;
}
