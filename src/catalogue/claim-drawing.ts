/** The drawing of a claim from the results of its scenario. */
import { claimPlot } from './claim-plot.ts';
import type { RunsByScenario } from './claim-outcome.ts';
import type { Claim } from './claims-schema.ts';
import { medianFigure, shownVariants } from './figures.ts';

export function plotPath({ id }: Pick<Claim, 'id'>): string {
  return `handbook/${id}.svg`;
}

/** Null where no valid trial has the figure. */
export function drawClaim({ id, plot }: Claim, runs: RunsByScenario): string | null {
  const results = runs.get(plot.scenario);
  if (results === undefined) return null;
  const rows = shownVariants(results, plot.where).map((shown) => {
    return { label: shown.label, figure: medianFigure(shown, plot.metric) };
  });
  if (rows.every(({ figure }) => figure.median === null)) return null;
  return claimPlot({ title: `${id}, ${plot.scenario}`, metric: plot.metric, rows });
}
