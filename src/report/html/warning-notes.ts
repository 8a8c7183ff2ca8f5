/** Warnings beside what they concern, in short; the section of warnings has the whole of them. */
import { count } from '../format.ts';
import { listed, plural } from '../../compare/words.ts';
import { html, type Markup } from './markup.ts';
import { labelText, type RunView } from './view.ts';

export type Place = 'table' | 'comparison' | 'percentiles' | 'over-time' | 'heat-map' | 'reconciliation';

const places: Readonly<Record<Place, readonly string[]>> = {
  table: [
    'errors',
    'drops',
    'abandoned',
    'few-samples',
    'lag',
    'rate-not-reached',
    'server-saturated',
    'machine-busy',
    'not-steady',
    'connections-not-reached',
    'turned-away',
    'no-ffi',
    'host-mode',
  ],
  comparison: ['errors', 'drops', 'abandoned', 'lag', 'server-saturated', 'machine-busy', 'not-steady', 'no-ffi'],
  percentiles: ['few-samples', 'lag', 'errors'],
  'over-time': [
    'not-steady',
    'clock-stepped',
    'sampler-late',
    'tw-overflow',
    'fd-limit',
    'fd-near-limit',
    'ports-near-limit',
  ],
  'heat-map': ['lag', 'errors'],
  reconciliation: ['kernel-noise', 'host-mode'],
};

/** One line; null where none applies. */
export function warningNotes({ warnings, results, id }: RunView, place: Place): Markup | null {
  const found = warnings.filter(({ code }) => places[place].includes(code));
  if (found.length === 0) return null;
  const items = found.map(({ code, cases }) => `${labelText(code)} in ${count(cases.length)}`);
  return html`<p class="warned">
    <span aria-hidden="true">⚠</span> ${items.join(', ')} of ${plural(results.trials.length, 'trial')}.
    <a href="#${id}-warnings">What to do<span class="hidden"> about ${listed(found.map(({ code }) => code))}</span></a>
  </p>`;
}
