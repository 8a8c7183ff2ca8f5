/** The handbook: claims and the results of their scenarios as Markdown with a drawing for each claim. The same results make the same files. */
import type { Outcome } from '../compare/claims.ts';
import { plural } from '../compare/words.ts';
import { row, tableHead } from '../report/markdown-table.ts';
import { code, prose } from '../report/markdown-text.ts';
import { claimOutcomes, commandOf, type ClaimOutcome, type RunsByScenario } from './claim-outcome.ts';
import { claimSection } from './claim-section.ts';
import type { KnownScenario } from './claims-file.ts';
import type { Claim } from './claims-schema.ts';
import { drawClaim, plotPath } from './claim-drawing.ts';
import { machineSection } from './machine-section.ts';
import { modelsPath, renderModels } from './model-part.ts';
import { scenariosSection } from './scenarios-section.ts';

export interface CatalogueScenario extends KnownScenario {
  /** Folder of the catalogue that it is in. */
  readonly group: string;
  readonly estimatedSeconds: number;
}

export interface HandbookInput {
  readonly claims: readonly Claim[];
  /** All of the catalogue. */
  readonly scenarios: readonly CatalogueScenario[];
  readonly runs: RunsByScenario;
}

export interface HandbookFile {
  /** Below the folder that the handbook is written to. */
  readonly path: string;
  readonly text: string;
}

/** `HANDBOOK.md` first, then a drawing for each claim of whose plot there are results, and theory beside all figures. */
export function renderHandbook(input: HandbookInput): readonly HandbookFile[] {
  const outcomes = claimOutcomes(input.claims, input.scenarios, input.runs);
  const drawings = outcomes.flatMap(({ claim }): readonly HandbookFile[] => {
    const text = drawClaim(claim, input.runs);
    return text === null ? [] : [{ path: plotPath(claim), text }];
  });
  const models = renderModels(input);
  const drawn = new Set(drawings.map(({ path }) => path));
  const parts = [
    introduction(input),
    machineSection(input.runs),
    overview(outcomes),
    ...outcomes.map((outcome) => claimSection(outcome, drawn.has(plotPath(outcome.claim)))),
    scenariosSection(input),
  ];
  const page = { path: 'HANDBOOK.md', text: `${parts.flat().join('\n').trimEnd()}\n` };
  return [page, ...drawings, ...(models === null ? [] : [{ path: modelsPath, text: models }])];
}

const sources =
  '<!-- Made by `connbench list --handbook` from result files: change handbook/claims.yaml, the scenarios or the runs, not this file. -->';

function introduction({ claims, scenarios }: HandbookInput): readonly string[] {
  const minutes = Math.ceil(scenarios.reduce((sum, { estimatedSeconds }) => sum + estimatedSeconds, 0) / 60);
  return [
    sources,
    '',
    '# The handbook of keep-alive',
    '',
    `${plural(claims.length, 'claim')} about HTTP connections, each with what is commonly said, what was measured here, why it is so, and what to set in`,
    'consequence. An outcome is that of the `expect` blocks of the scenarios that show the claim: _confirmed_ where all of their expectations about it',
    'are, _refuted_ where one is, else _not decided_. The figures are those of one machine; the command of each claim repeats it on yours.',
    '',
    '## Make it anew',
    '',
    '```sh',
    'npm run catalogue',
    'npm start -- list --handbook',
    '```',
    '',
    `The first runs the ${plural(scenarios.length, 'scenario')} of the catalogue one after another, about ${plural(minutes, 'minute')} by their own times and some seconds more for each;`,
    'it goes on where it was interrupted. The second writes this file and its drawings. Leave the machine alone meanwhile.',
    '',
  ];
}

const outcomeWords: Readonly<Record<Outcome, string>> = {
  confirmed: 'confirmed',
  refuted: '**refuted**',
  'not decided': '_not decided_',
};

function overview(outcomes: readonly ClaimOutcome[]): readonly string[] {
  const tally = (['confirmed', 'refuted', 'not decided'] as const)
    .map((kind) => ({ kind, number: outcomes.filter(({ outcome }) => outcome === kind).length }))
    .filter(({ number }) => number > 0)
    .map(({ kind, number }) => `${number} ${kind}`);
  return [
    '## The claims',
    '',
    `${plural(outcomes.length, 'claim')}: ${tally.join(', ')}.`,
    '',
    ...tableHead(['claim', 'about', 'outcome', 'run it']),
    ...outcomes.map((of) => {
      const { claim, outcome } = of;
      const command = code(commandOf(of), 500);
      return row([`[${claim.id}](#${claim.id.toLowerCase()})`, prose(claim.title), outcomeWords[outcome], command]);
    }),
    '',
  ];
}
