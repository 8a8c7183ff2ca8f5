// The configuration of a perfect link, for tests to change in parts.
import type { LinkConfig } from '../../src/scenario/config.ts';

export function linkConfig(parts: Partial<LinkConfig> = {}): LinkConfig {
  return {
    rttMs: 0,
    jitterMs: 0,
    bandwidthBitsPerSecond: Infinity,
    queueBytes: 1_000_000,
    loss: 0,
    reorder: 0,
    duplicate: 0,
    middlebox: null,
    ...parts,
  };
}
