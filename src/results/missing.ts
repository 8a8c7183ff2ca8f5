/** Looks up why a figure of a trial is null, and finds nulls that nobody explained. */
import type { TrialRecord } from './record.ts';

/** Why the field at a dotted path is null: its own reason or that of the nearest object around it; null where none is recorded. */
export function reasonMissing(trial: TrialRecord, path: string): string | null {
  const parts = path.split('.');
  for (let length = parts.length; length > 0; length--) {
    const reason = trial.missing[parts.slice(0, length).join('.')];
    if (reason !== undefined) return reason;
  }
  return null;
}

/** Sections whose nulls need a reason. Elsewhere null is an answer of its own, such as `transportReason` with epoll. */
const figureSections = [
  'requests',
  'throughput',
  'latency',
  'latencyByConnection',
  'connections',
  'fds',
  'timeWait',
  'kernel',
  'cpu',
  'memory',
  'link',
  'server',
  'sampler',
  'selfCheck',
] as const;

/** Dotted paths of the figures that are null without a recorded reason. Points of a series are not looked at. */
export function unexplainedNulls(trial: TrialRecord): readonly string[] {
  const found: string[] = [];
  const visit = (value: unknown, path: string): void => {
    if (value === null) {
      if (reasonMissing(trial, path) === null) found.push(path);
    } else if (typeof value === 'object' && !Array.isArray(value)) {
      for (const [key, item] of Object.entries(value)) visit(item, `${path}.${key}`);
    }
  };
  for (const section of figureSections) visit(trial[section], section);
  return found;
}
