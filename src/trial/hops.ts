/** Starts the programs on the way from the server's side to the client's, and stops them the other way round. */
import type { Endpoint } from '../hops/messages.ts';
import type { HopHandle } from '../hops/hop-handle.ts';
import type { Lab } from '../lab/lab.ts';
import type { TrialConfig } from '../scenario/config.ts';
import type { HopConfig } from '../scenario/hop-config.ts';
import { serverGraceMs, StepFailure, stepDeadlines, within } from './deadlines.ts';
import type { TrialDependencies } from './dependencies.ts';
import type { HopEvidence, TrialEvidence } from './evidence.ts';

/** A running program, and where its evidence goes. */
interface RunningHopPart {
  readonly handle: HopHandle;
  readonly evidence: HopEvidence;
  hasDied: boolean;
}

export interface HopChain {
  /** In the order from the client to the server. */
  readonly parts: RunningHopPart[];
}

/**
 * Brings up every program of `via`; `chain` has those that are up, even where a later one fails. Gives where the client has to go: the
 * first program, or the server. Rejects with a StepFailure.
 */
export async function startHops(
  config: TrialConfig,
  server: Endpoint,
  {
    chain,
    evidence,
    dependencies,
    lab,
    signal,
  }: {
    readonly chain: HopChain;
    readonly evidence: TrialEvidence;
    readonly dependencies: Pick<TrialDependencies, 'startHop'>;
    readonly lab: Lab | null;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<Endpoint> {
  // Endpoints only: the rest of a handle does not go to another process.
  let next: Endpoint = { host: server.host, port: server.port };
  for (const hop of (config.via ?? []).toReversed()) {
    const deadlineMs = stepDeadlines.startServerMs;
    const starting = dependencies.startHop(hop, { upstream: next, deadlineMs, ...placeOf(hop, lab) });
    let handle: HopHandle;
    try {
      handle = await within(starting, `the start of ${hop.kind}`, {
        deadlineMs: deadlineMs + 5_000,
        code: 'hop-failed',
        signal,
      });
    } catch (error) {
      starting.then((late) => late.kill()).catch(() => undefined);
      throw error;
    }
    const { settings, whyNull } = handle;
    const part: RunningHopPart = {
      handle,
      evidence: { config: hop, settings, report: null, whyNull },
      hasDied: false,
    };
    chain.parts.unshift(part);
    evidence.hops.unshift(part.evidence);
    void handle.died.then(({ code, signal }) => {
      part.hasDied = true;
      part.evidence.whyNull = 'the program ended in the middle of the trial';
      const how = signal === null ? `with code ${code ?? -1}` : `by ${signal}`;
      evidence.failures.push({ code: 'hop-died', message: `the process of ${hop.kind} ended ${how}` });
    });
    next = { host: handle.host, port: handle.port };
  }
  return next;
}

function placeOf({ host }: HopConfig, lab: Lab | null): { host: string; launcher?: readonly string[] } {
  if (lab === null) return { host: '127.0.0.1' };
  return host === 'client'
    ? { host: lab.clientAddress, launcher: lab.clientLauncher }
    : { host: lab.serverAddress, launcher: lab.serverLauncher };
}

/** The death of any of them: rejects with a StepFailure; never resolves. */
export function anyHopGone({ parts }: HopChain): Promise<never> {
  const gone = Promise.race([
    new Promise<never>(() => undefined),
    ...parts.map(async ({ handle }) => {
      await handle.died;
      throw new StepFailure('hop-died', `${handle.kind} died`);
    }),
  ]);
  gone.catch(() => undefined);
  return gone;
}

/** Stops one after another from the client's side on, so that each sees its clients go first, and keeps their last reports. */
export async function stopHops(
  { parts }: HopChain,
  config: TrialConfig,
  attempt: (step: () => Promise<void>) => Promise<void>,
): Promise<void> {
  for (const { handle, evidence, hasDied } of parts) {
    if (hasDied) continue;
    await attempt(async () => {
      const graceMs = serverGraceMs(config);
      const bounds = { deadlineMs: graceMs + 2 * stepDeadlines.stopServerMs, code: 'hop-died' } as const;
      evidence.report = await within(handle.stop(graceMs), `the stop of ${handle.kind}`, bounds);
    });
  }
}
