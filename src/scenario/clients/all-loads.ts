/** The load knobs of the clients that connbench's own generator drives: it decides when and what, the client only how. */
import type { LoadTable } from './table.ts';

const byGenerator = { maps: 'generator' } as const;

export const generatorLoad: LoadTable = {
  model: byGenerator,
  rate: byGenerator,
  arrivals: byGenerator,
  shape: byGenerator,
  trace: byGenerator,
  users: byGenerator,
  thinkTime: byGenerator,
  page: byGenerator,
  warmUp: byGenerator,
  steady: byGenerator,
  duration: byGenerator,
  workers: byGenerator,
  request: byGenerator,
  requests: byGenerator,
  leak: { maps: 'the response of its own API, unread' },
};
