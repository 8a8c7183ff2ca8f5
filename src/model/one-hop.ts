/** What every formula takes for granted: one client, one server that is the same all the time, and connections that end by their own limits. */
import type { TrialConfig } from '../scenario/config.ts';
import type { TrialRecord } from '../results/record.ts';
import { isBundled } from './endings.ts';
import { assumption, type Assumption, type Theory } from './prediction.ts';

/** In the place of all predictions of a trial that no formula fits: why. Null where the formulae may be asked. */
export function noFormula(config: TrialConfig, record: TrialRecord): Theory | null {
  const failing = [...onTheWay(config), ...ofServer(config, record), ...ofProgram(config)];
  if (failing.length === 0) return null;
  return {
    name: 'response time, and every other figure',
    metric: 'latency.response.p50',
    predicted: null,
    formula: 'none',
    source: 'the formulae here are of one hop whose connections end by limits of requests, age and idle time',
    assumptions: failing,
  };
}

function onTheWay({ via = [], attackers = [] }: TrialConfig): readonly Assumption[] {
  const between = 'client and server speak to each other without a program between them';
  const alone = 'nobody but the client uses the server';
  return [
    ...(via.length === 0 ? [] : [assumption(between, false, `via has ${via.map(({ kind }) => kind).join(', ')}`)]),
    ...(attackers.length === 0
      ? []
      : [assumption(alone, false, `there are attackers: ${attackers.map(({ kind }) => kind).join(', ')}`)]),
  ];
}

function ofServer({ server }: TrialConfig, record: TrialRecord): readonly Assumption[] {
  if (!isBundled(server)) return [];
  const { shed, evictIdle, drain, acceptPause } = server;
  const byNumber = 'a connection ends for reasons of its own, not because there are many';
  const acceptErrors = record.server.policies?.acceptErrors ?? 0;
  return [
    ...(shed === undefined ? [] : [assumption(byNumber, false, `server.shed above ${shed.above} ${shed.of}`)]),
    ...(evictIdle === undefined ? [] : [assumption(byNumber, false, `server.evictIdle above ${evictIdle.above}`)]),
    ...(drain === undefined ? [] : [assumption('the server stays the same', false, `server.drain: ${drain.style}`)]),
    ...(acceptPause === undefined && acceptErrors === 0
      ? []
      : [assumption('the server accepts at once', false, acceptReason(acceptPause?.above, acceptErrors))]),
  ];
}

function acceptReason(above: number | undefined, errors: number): string {
  return above === undefined ? `${errors} connections could not be accepted` : `server.acceptPause above ${above}`;
}

function ofProgram({ load }: TrialConfig): readonly Assumption[] {
  if (load.leak === undefined) return [];
  const because = `load.leak: of ${Number((load.leak.share * 100).toPrecision(3))} % of the responses nobody reads the body`;
  return [assumption('every connection comes back to the pool', false, because)];
}
