/** What users who wait for their answers can ask for: the interactive response time law. */
import type { TrialConfig } from '../scenario/config.ts';
import type { TrialRecord } from '../results/record.ts';
import { enoughDraws } from './loads.ts';
import { meanPauseMs, pauseOf } from './pauses.ts';
import type { Theory } from './prediction.ts';
import { meanMs, nothingFailed } from './trial-facts.ts';

/** Of a closed load of single requests; null of every other. */
export function closedThroughput(config: TrialConfig, record: TrialRecord): Theory | null {
  const { load } = config;
  const responseMs = meanMs(record.latency.response);
  if (load.model !== 'closed' || load.page !== undefined || responseMs === null) return null;
  const pause = pauseOf(load);
  const cycleMs = meanPauseMs(pause) + responseMs;
  const perSecond = (load.users * 1000) / cycleMs;
  const requests = (perSecond * load.durationMs) / 1000;
  const variation = pause.distribution === 'lognormal' ? Math.expm1(pause.sigma ** 2) : 1;
  // Of equal pauses, whether a user comes once more within measure is left to chance: at most half of them more or less, each by itself.
  const error =
    pause.distribution === 'constant' ? Math.sqrt(load.users / 4) / requests : Math.sqrt(variation / requests);
  return {
    name: 'requests per second',
    metric: 'throughput.achievedPerSecond',
    predicted: perSecond,
    formula: 'users / (pause + response time), the response time measured',
    source: 'Interactive response time law (Denning and Buzen, Computing Surveys 10, 1978)',
    assumptions: [nothingFailed(config, record), enoughDraws(error, `${Math.round(requests)} requests`)],
  };
}
