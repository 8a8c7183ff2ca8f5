/**
 * Runs GitHub workflows and composite actions without GitHub: their shell lines as GitHub runs them (bash -eo pipefail, inputs and outputs
 * through the environment and files), checkouts as clones, and the other actions as a record of what they were given.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { evaluate, type Contexts } from './workflow-expressions.ts';

interface Step {
  readonly id?: string;
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly shell?: string;
  readonly if?: string;
  readonly with?: Readonly<Record<string, string | number | boolean>>;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Action {
  readonly inputs: Readonly<Record<string, { readonly default?: string }>>;
  readonly outputs: Readonly<Record<string, { readonly value: string }>>;
  readonly runs: { readonly using: string; readonly steps: readonly Step[] };
}

interface Workflow {
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, { readonly steps: readonly Step[] }>>;
}

export interface JobOptions {
  /** An empty folder for the job. */
  readonly dir: string;
  /** The folder of `action.yml`, for every `uses: ./...`. */
  readonly actionPath: string;
  /** A git repository for the checkouts. */
  readonly repository: string;
  /** What a checkout without a `ref` takes. */
  readonly sha: string;
  readonly github: Contexts['github'];
  /** Laid over the inputs that the workflow gives to the action. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
}

export interface JobResult {
  readonly ok: boolean;
  /** Exit code of the first step that failed; 0 where none did. */
  readonly code: number;
  /** Both streams of all steps. */
  readonly log: string;
  readonly summary: string;
  /** The outputs of each step with an id. */
  readonly outputs: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** What ran, by name; actions by what they are. */
  readonly ran: readonly string[];
  /** The inputs of actions of others. */
  readonly used: readonly { readonly uses: string; readonly with: Readonly<Record<string, string>> }[];
}

type Texts = Record<string, string>;

/** The parsed `action.yml` of a folder. */
export function readAction(folder: string): Action {
  return parse(readFileSync(join(folder, 'action.yml'), 'utf8')) as Action;
}

export function readWorkflow(path: string): Workflow {
  return parse(readFileSync(path, 'utf8')) as Workflow;
}

/** Runs the only job of a workflow. */
export function runWorkflow(path: string, options: JobOptions): JobResult {
  const [job, second] = Object.values(readWorkflow(path).jobs);
  if (job === undefined || second !== undefined) throw new Error(`${path} has not exactly one job`);
  const runner = new JobRunner(options);
  runner.runSteps(job.steps, {});
  return runner.result();
}

/** Runs the action by itself, as a job of one step would. */
export function runAction(options: JobOptions): JobResult {
  const runner = new JobRunner(options);
  runner.runSteps([{ id: 'action', uses: './head' }], {});
  return runner.result();
}

class JobRunner {
  private readonly options: JobOptions;
  private readonly workspace: string;
  private readonly temp: string;
  private readonly summaryFile: string;
  private code = 0;
  private log = '';
  private readonly ran: string[] = [];
  private readonly used: JobResult['used'][number][] = [];
  private outputs: Record<string, Texts> = {};
  private files = 0;

  constructor(options: JobOptions) {
    this.options = options;
    this.workspace = join(options.dir, 'workspace');
    this.temp = join(options.dir, 'temp');
    this.summaryFile = join(options.dir, 'summary.md');
    for (const folder of [this.workspace, this.temp]) mkdirSync(folder, { recursive: true });
    writeFileSync(this.summaryFile, '');
  }

  result(): JobResult {
    const summary = readFileSync(this.summaryFile, 'utf8');
    const { code, log, outputs, ran, used } = this;
    return { ok: code === 0, code, log, summary, outputs, ran, used };
  }

  /** Gives the outputs of the steps with an id. */
  runSteps(steps: readonly Step[], inputs: Texts): Record<string, Texts> {
    const outputs: Record<string, Texts> = {};
    for (const step of steps) {
      const contexts = this.contexts(outputs, inputs);
      const condition = step.if ?? 'success()';
      const needsSuccess = /\b(always|failure|cancelled)\(\)/.test(condition) ? '' : 'success() && ';
      const text = condition.replace(/^\s*\$\{\{(.*)\}\}\s*$/s, '$1');
      if (!evaluate(`${needsSuccess}(${text})`, contexts)) continue;
      const own = this.runStep(step, contexts);
      if (step.id !== undefined) outputs[step.id] = own;
      this.outputs = outputs;
    }
    return outputs;
  }

  private contexts(steps: Record<string, Texts>, inputs: Texts): Contexts {
    const github = {
      workspace: this.workspace,
      action_path: this.options.actionPath,
      sha: this.options.sha,
      token: 'a-token',
      ...this.options.github,
    };
    const outcomes = Object.fromEntries(Object.entries(steps).map(([id, outputs]) => [id, { outputs }]));
    return { github, inputs, steps: outcomes, isOk: this.code === 0 };
  }

  private runStep(step: Step, contexts: Contexts): Texts {
    const given = Object.fromEntries(
      Object.entries(step.with ?? {}).map(([name, value]) => [name, filled(String(value), contexts)]),
    );
    if (step.run !== undefined) return this.runShell(step, contexts);
    const uses = step.uses!;
    this.ran.push(uses);
    if (uses.startsWith('./')) return this.runComposite(given);
    if (uses.startsWith('actions/checkout@')) this.checkout(given);
    else this.used.push({ uses, with: given });
    return {};
  }

  private runComposite(given: Texts): Texts {
    const action = readAction(this.options.actionPath);
    const all = { ...given, ...this.options.inputs };
    const unknown = Object.keys(all).filter((name) => !(name in action.inputs));
    if (unknown.length > 0) throw new Error(`the action has no input ${unknown.join(', ')}`);
    const defaults = Object.entries(action.inputs).map(([name, input]) => [name, input.default ?? '']);
    const inputs: Texts = { ...(Object.fromEntries(defaults) as Texts), ...all };
    if (action.runs.steps.some(({ run, shell }) => run !== undefined && shell !== 'bash')) {
      throw new Error('a step of a composite action names its shell');
    }
    const contexts = this.contexts(this.runSteps(action.runs.steps, inputs), inputs);
    return Object.fromEntries(
      Object.entries(action.outputs).map(([name, { value }]) => [name, filled(value, contexts)]),
    );
  }

  private checkout({ path = '.', ref = this.options.sha }: Texts): void {
    const folder = join(this.workspace, path);
    execFileSync('git', ['clone', '--quiet', '--no-checkout', this.options.repository, folder]);
    execFileSync('git', ['-C', folder, 'checkout', '--quiet', '--detach', ref]);
  }

  private runShell(step: Step, contexts: Contexts): Texts {
    const script = step.run!;
    if (script.includes('${{')) throw new Error(`an expression in the shell of ${step.name ?? ''}: use env`);
    this.ran.push(step.name ?? script);
    const number = this.files++;
    const outputFile = join(this.temp, `_output_${number}`);
    const scriptFile = join(this.temp, `_script_${number}.sh`);
    writeFileSync(outputFile, '');
    writeFileSync(scriptFile, script);
    const env = Object.entries(step.env ?? {}).map(([name, value]) => [name, filled(value, contexts)]);
    const { status, stdout, stderr } = spawnSync(
      'bash',
      ['--noprofile', '--norc', '-e', '-o', 'pipefail', scriptFile],
      {
        cwd: this.workspace,
        encoding: 'utf8',
        maxBuffer: 1 << 26,
        env: {
          ...process.env,
          ...this.options.env,
          ...(Object.fromEntries(env) as Texts),
          RUNNER_TEMP: this.temp,
          GITHUB_OUTPUT: outputFile,
          GITHUB_STEP_SUMMARY: this.summaryFile,
        },
      },
    );
    this.log += `== ${step.name ?? ''}\n${stdout}${stderr}`;
    appendFileSync(join(this.options.dir, 'log.txt'), stdout + stderr);
    if (status !== 0 && this.code === 0) this.code = status ?? -1;
    return outputsOf(readFileSync(outputFile, 'utf8'));
  }
}

function outputsOf(text: string): Texts {
  const lines = text.split('\n').filter((line) => line !== '');
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}

/** The text with every `${{ expression }}` replaced by its value. */
function filled(text: string, contexts: Contexts): string {
  return text.replaceAll(/\$\{\{(.*?)\}\}/gs, (_, expression: string) => String(evaluate(expression, contexts)));
}
