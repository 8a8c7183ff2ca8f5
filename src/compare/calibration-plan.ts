/** Makes the scenario of a calibration: one variant of another scenario, measured under two names, and a third time with a delay. */
import { parseScenario, type Scenario } from '../scenario/parse.ts';
import type { HeaderRecord } from '../results/record.ts';
import { counterpart, selectOne } from '../scenario/selection.ts';
import { formatDuration, formatPercent } from '../scenario/units.ts';
import { UserError } from '../scenario/user-error.ts';
import type { Variant } from '../scenario/variants.ts';

/** The axis of a calibration and its alternatives: two that are the same, and one whose server answers later. */
export const calibrationAxis = 'calibrate';
export const twinNames = { base: 'a', twin: 'b', slower: 'slower' } as const;

export interface CalibrationShape {
  /** Comparisons, each of which would be a run of its own. */
  readonly sessions: number;
  /** Blocks of each session. */
  readonly blocks: number;
}

/** A longer delay of the server. */
export interface Injection {
  /** Added to the variant's own delay, in ms. */
  readonly addedMs: number;
  /** Where it comes from, for the reader: `15% of a median response time of 5.31 ms`; null where it was given as it is. */
  readonly origin: string | null;
}

/** The variant of that name or filter; without one the baseline's, else the first. Throws a UserError where none or several fit. */
export function variantToCalibrate(scenario: Scenario, selector: string | null): Variant {
  const { variants, baseline } = scenario;
  const first = variants[0]!;
  if (selector === null) return baseline === null ? first : (counterpart(variants, first, baseline) ?? first);
  const found = selectOne(variants, selector);
  if (found.ok) return found.item;
  const names = variants.map(({ name }) => name).join(', ');
  const meant = found.suggestion === undefined ? '' : `did you mean ${found.suggestion}? `;
  throw new UserError('UNKNOWN_VARIANT', `--variant: ${found.message}`, `${meant}the variants are: ${names}`);
}

/** The scenario of the calibration; relative paths stay relative to the folder of the original. */
export function calibrationScenario(
  scenario: Scenario,
  variant: Variant,
  shape: CalibrationShape,
  injection: Injection | null,
): Scenario {
  const slower = injection === null ? {} : { [twinNames.slower]: slowerPatch(variant, injection.addedMs) };
  const document = {
    name: `${scenario.name.slice(0, 50)}-calibration`,
    question: questionOf(scenario, variant, shape, injection),
    base: variant.config,
    axes: { [calibrationAxis]: { [twinNames.base]: {}, [twinNames.twin]: {}, ...slower } },
    baseline: { [calibrationAxis]: twinNames.base },
    blocks: shape.sessions * shape.blocks,
    gates: scenario.gates.map(({ metric, margin }) => ({ metric, margin: formatPercent(margin) })),
  };
  const { file, folder } = scenario;
  const parsed = parseScenario(JSON.stringify(document), { file, folder });
  if (!parsed.ok) throw new Error(`a calibration of a sound scenario: ${parsed.problems[0]?.message ?? 'broken'}`);
  return parsed.scenario;
}

function questionOf(
  scenario: Scenario,
  variant: Variant,
  { sessions, blocks }: CalibrationShape,
  injection: Injection | null,
): string {
  const origin = injection?.origin ?? null;
  const added =
    injection === null
      ? ''
      : ` ${twinNames.slower} answers ${formatDuration(injection.addedMs)} later${origin === null ? '' : `, ${origin}`}.`;
  return (
    `How often does this machine see a change in ${variant.name} of ${scenario.name} where there is none, and how small a change can it see? ` +
    `${shapeText({ sessions, blocks })}.${added}`
  );
}

function shapeText({ sessions, blocks }: CalibrationShape): string {
  return `Sessions of ${blocks} blocks: ${sessions}`;
}

/** Blocks of a session, as the file of a calibration says it; null for another file. */
export function sessionBlocksOf(header: HeaderRecord): number | null {
  // The last of them: the names of the scenario and of the variant, which say anything, stand before it.
  const found = /^.* how small a change can it see\? Sessions of (\d{1,4}) blocks: \d{1,4}\./s.exec(
    header.scenario.question ?? '',
  );
  return found === null ? null : Number(found[1]);
}

/** Throws a UserError where the server's delay cannot be made longer by exactly this. */
function slowerPatch(variant: Variant, addedMs: number): object {
  const { server } = variant.trial;
  if (server.kind !== 'node' && server.kind !== 'reference') {
    const hint = `Calibrate without --inject, or with --set server.kind=reference.`;
    throw new UserError('CANNOT_INJECT', `a server of kind ${server.kind} cannot be made slower from here`, hint);
  }
  const { delay } = server.response;
  if (delay.distribution !== 'constant') {
    const hint = 'Give a constant one, e.g. --set server.response.delay=5ms.';
    throw new UserError('CANNOT_INJECT', `only a constant delay can be made longer, not ${delay.distribution}`, hint);
  }
  const slowerMs = Math.round((delay.valueMs + addedMs) * 1000) / 1000;
  // The server of kind node keeps its delays in whole milliseconds.
  if (server.kind === 'node' && !(Number.isInteger(slowerMs) && Number.isInteger(delay.valueMs))) {
    throw new UserError(
      'CANNOT_INJECT',
      `the node server delays by whole milliseconds, and ${formatDuration(delay.valueMs)} + ${formatDuration(addedMs)} is not one`,
      'The reference server has exact timers: --set server.kind=reference. Or inject whole ones: --inject-delay 1ms.',
    );
  }
  return { server: { response: { delay: formatDuration(slowerMs) } } };
}
