/** Ways for the scenario tests to parse text and to look at what comes back. */
import { parseScenario, type Scenario } from '../../src/scenario/parse.ts';
import type { BundledServerConfig, TrialConfig } from '../../src/scenario/config.ts';
import type { Problem } from '../../src/scenario/problem.ts';

/** The scenario of a text that must be sound. */
export function scenarioOf(text: string, set: readonly string[] = []): Scenario {
  const parsed = parseScenario(text, { file: 'test.yaml', set });
  if (!parsed.ok) throw new Error(parsed.problems.map(brief).join('\n'));
  return parsed.scenario;
}

/** The problems of a text; empty if there are none. */
export function problemsOf(text: string, set: readonly string[] = []): readonly Problem[] {
  const parsed = parseScenario(text, { file: 'test.yaml', set });
  return parsed.ok ? [] : parsed.problems;
}

/** `line:column path: message`, with `[suggestion]` where there is one. */
export function brief(problem: Problem): string {
  const suggestion = problem.suggestion === undefined ? '' : ` [${problem.suggestion}]`;
  return `${problem.line}:${problem.column} ${problem.path}: ${problem.message}${suggestion}`;
}

export function briefsOf(text: string, set: readonly string[] = []): readonly string[] {
  return problemsOf(text, set).map(brief);
}

/** The server of a trial that runs a bundled one. */
export function bundledServer({ server }: TrialConfig): BundledServerConfig {
  if (server.kind === 'command' || server.kind === 'external') throw new Error(`server.kind is ${server.kind}`);
  return server;
}
