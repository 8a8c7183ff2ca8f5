/** The action and the workflows, every shell line of them, on two revisions of a small server. `gh` and `npm` are recording fakes. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { HistoryEntry } from '../../src/results/history.ts';
import { undisturbed } from './disturbance.ts';
import { fakeProgram, freePort, ServerRepository } from './server-repository.ts';
import { readAction, readWorkflow, runAction, runWorkflow, type JobOptions, type JobResult } from './workflow.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const workflows = join(root, '.github/workflows');
const pullRequest = join(workflows, 'performance-pull-request.yml');
const nightly = join(workflows, 'performance-nightly.yml');
const program = join(root, 'dist/cli/main.js');

const dir = mkdtempSync(join(tmpdir(), 'connbench-ci-'));
const repository = new ServerRepository(join(dir, 'repository'));
const bin = join(dir, 'bin');
/** What `gh` and `npm` were called with, a line each. */
const record = join(dir, 'calls.txt');
const earlierComment = join(dir, 'earlier-comment.txt');
const knownIssues = join(dir, 'known-issues.txt');
const revisions = { base: '', same: '', slow: '' };
let port = 0;

beforeAll(async () => {
  mkdirSync(bin);
  for (const file of [record, earlierComment, knownIssues]) writeFileSync(file, '');
  revisions.base = repository.commit('base', 2);
  repository.git('tag', 'performance-control');
  revisions.same = repository.commit('same', 2);
  revisions.slow = repository.commit('slow', 22);
  // Arguments in one line: the texts of the tests hold no line feeds.
  const call = `printf '%s\\n' "\${0##*/} $*" >> '${record}'\n`;
  fakeProgram(
    bin,
    'gh',
    `${call}case "$1 $2" in
  'api --paginate') cat '${earlierComment}' ;;
  'issue list') cat '${knownIssues}' ;;
esac
`,
  );
  fakeProgram(bin, 'npm', `printf '%s\\n' "npm $* in $PWD" >> '${record}'\n`);
  port = await freePort();
});
afterAll(() => {
  rmSync(dir, { recursive: true, force: true });
});

const calls = (): string[] => readFileSync(record, 'utf8').split('\n').filter(Boolean);

let jobs = 0;
function job(sha: string, inputs: Readonly<Record<string, string>> = {}): JobOptions {
  const folder = join(dir, `job-${jobs++}`);
  mkdirSync(folder);
  writeFileSync(record, '');
  const event = { pull_request: { number: '12', base: { sha: revisions.base }, head: { repo: { full_name: 'o/r' } } } };
  const settings = ['network.mode=host', `server.port=${port}`, 'load.rate=400/s', 'load.warmUp=100ms'];
  return {
    dir: folder,
    actionPath: root,
    repository: repository.folder,
    sha,
    github: { event, repository: 'o/r', server_url: 'https://example.org', run_id: '34' },
    inputs: { blocks: '6', settings: [...settings, 'load.duration=550ms', ''].join('\n'), ...inputs },
    env: { PATH: `${bin}:${process.env['PATH'] ?? ''}`, NO_COLOR: '1' },
  };
}

/** A job on a machine that others keep busy meanwhile runs again. `make`: what it runs on. */
function runUndisturbed(workflow: string, make: () => JobOptions): Promise<JobResult> {
  return undisturbed(
    () => runWorkflow(workflow, make()),
    ({ code, log }) => ({ code, text: log }),
  );
}

/** What failed says why. */
function assertCode({ code, log }: JobResult, expected: number): void {
  expect(code === expected ? '' : `exit code ${code}\n${log}`).toBe('');
}

/** Six blocks allow one test at a time. */
const gates = { gates: 'p50:25%' };
/** Of the pull request that changes nothing: the nightly's history is made from it. */
let unchanged: JobResult;

describe('a pull request', () => {
  test('that makes the server 20 ms slower fails with exit code 4 and says so everywhere', async () => {
    writeFileSync(earlierComment, '77\n78\n');
    const result = await runUndisturbed(pullRequest, () => job(revisions.slow, gates));
    assertCode(result, 4);
    const { outputs, summary, log, used, ran } = result;
    expect(ran.at(-1)).toBe('Comment');
    expect(log).toMatch(/^::error title=Gate failed%3A latency\.response\.p50::revision=head/m);
    expect(summary).toContain('latency.response.p50');
    expect(summary).toContain('revision=head');
    const { folder, html, junit, markdown, results } = outputs['performance']!;
    expect(outputs['performance']).toMatchObject({ 'exit-code': '4', trend: '' });
    expect(used).toEqual([
      { uses: 'actions/setup-node@v4', with: { 'node-version': '20' } },
      { uses: 'actions/upload-artifact@v4', with: { name: 'performance', path: folder } },
    ]);
    expect(readFileSync(html!, 'utf8')).toMatch(/^<!doctype html>/i);
    expect(readFileSync(junit!, 'utf8')).toContain('<failure');
    expect(readFileSync(markdown!, 'utf8')).toBe(summary);
    // Base and head took turns in one run.
    const [header] = readFileSync(results!, 'utf8').split('\n');
    expect(JSON.parse(header!)).toMatchObject({ blocks: 6, baseline: { revision: 'base' } });
    // The comment of an earlier push is changed in place.
    const [, patch, more] = calls();
    expect(more).toBeUndefined();
    expect(patch).toMatch(/^gh api --method PATCH repos\/o\/r\/issues\/comments\/77 --field body=@\S+$/);
    const comment = readFileSync(/@(\S+)$/.exec(patch!)![1]!, 'utf8');
    expect(comment).toBe(`<!-- connbench -->\n${summary}`);
  });

  test('that changes nothing passes, with a comment of its own', async () => {
    writeFileSync(earlierComment, '');
    unchanged = await runUndisturbed(pullRequest, () => job(revisions.same, gates));
    assertCode(unchanged, 0);
    expect(unchanged.outputs['performance']).toMatchObject({ 'exit-code': '0' });
    expect(unchanged.log).not.toContain('::error');
    expect(calls().map((call) => call.split(' ').slice(0, 4).join(' '))).toEqual([
      'gh api --paginate repos/o/r/issues/12/comments',
      'gh pr comment 12',
    ]);
  });
});

/** Nights before this one: the ratio of p50 was 0.5, and has been 1 for six nights. */
function earlierNights(entry: HistoryEntry): string {
  const nights = Array.from({ length: 18 }, (_, night) => {
    const ratio = (night < 12 ? 0.5 : 1) * (night % 2 === 0 ? 1.01 : 0.99);
    const change = (variant: HistoryEntry['variants'][number]): HistoryEntry['variants'][number] => {
      const p50 = variant.figures['latency.response.p50']!;
      const moved = p50.ratio === null ? null : { ...p50.ratio, estimate: ratio, interval: null };
      return { ...variant, figures: { 'latency.response.p50': { ...p50, ratio: moved } } };
    };
    const startedAt = new Date(Date.UTC(2026, 0, 1 + night)).toISOString();
    return {
      ...entry,
      runId: `night-${night}`,
      label: `commit-${night}`,
      startedAt,
      variants: entry.variants.map(change),
    };
  });
  return nights.map((night) => `${JSON.stringify(night)}\n`).join('');
}

function commitHistory(text: string): void {
  if (repository.git('branch', '--list', 'perf-data') !== '') repository.git('branch', '--quiet', '-D', 'perf-data');
  repository.git('checkout', '--quiet', '--orphan', 'perf-data');
  repository.git('rm', '-rf', '--quiet', '.');
  writeFileSync(join(repository.folder, 'performance.ndjson'), text);
  repository.git('add', 'performance.ndjson');
  repository.git('commit', '--quiet', '--message', 'nights');
  repository.git('checkout', '--quiet', 'main');
}

const historyLines = (): HistoryEntry[] =>
  repository
    .git('show', 'perf-data:performance.ndjson')
    .split('\n')
    .map((line) => JSON.parse(line) as HistoryEntry);

describe('a night', () => {
  test('appends one line to the history, and opens an issue for the change it finds', async () => {
    const one = join(dir, 'one.ndjson');
    const { results } = unchanged.outputs['performance']!;
    execFileSync(process.execPath, [program, 'trend', '--history', one, '--add', results!]);
    writeFileSync(knownIssues, 'Something else\n');
    const nights = earlierNights(JSON.parse(readFileSync(one, 'utf8')) as HistoryEntry);
    const result = await runUndisturbed(nightly, () => {
      commitHistory(nights);
      return job(revisions.same);
    });
    assertCode(result, 4);
    const lines = historyLines();
    expect(lines).toHaveLength(19);
    expect(lines.at(-1)).toMatchObject({ label: revisions.same, scenario: 'pull-request', blocks: 6 });
    expect(repository.git('log', '-1', '--format=%s', 'perf-data')).toBe(`Performance of ${revisions.same}`);
    const { folder, trend } = result.outputs['performance']!;
    expect(readFileSync(join(folder!, 'trend.html'), 'utf8')).toMatch(/^<!doctype html>/i);
    expect(JSON.parse(readFileSync(trend!, 'utf8'))).toMatchObject({ type: 'trend', worse: true });
    expect(result.summary).toContain('connbench trend: something got worse');
    const [label, list, create, more] = calls();
    expect([label, list].map((call) => call?.split(' ').slice(0, 3).join(' '))).toEqual([
      'gh label create',
      'gh issue list',
    ]);
    expect(more).toBeUndefined();
    const title = 'latency.response.p50 of revision=head got worse in pull-request';
    expect(list).toContain('--state open');
    expect(create).toContain(`gh issue create --label performance --title ${title} --body Since 2026-01-13`);
    expect(create).toContain('https://example.org/o/r/actions/runs/34');

    // The next night knows that issue.
    const step = Object.values(readWorkflow(nightly).jobs)[0]!.steps.find(({ name }) => name?.startsWith('An issue'))!;
    writeFileSync(knownIssues, `Something else\n${title}\n`);
    writeFileSync(record, '');
    execFileSync('bash', ['-e', '-o', 'pipefail', '-c', step.run!], {
      env: { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}`, TREND: trend, RUNNER_TEMP: dir, RUN_URL: '' },
    });
    expect(calls()).toHaveLength(2);
  });

  test('the first one begins the branch', () => {
    const [first] = Object.values(readWorkflow(nightly).jobs)[0]!.steps.filter(
      ({ name }) => name === 'Fetch the history',
    );
    const folder = join(dir, 'first-night');
    mkdirSync(folder);
    repository.git('branch', '--quiet', '-D', 'perf-data');
    execFileSync('git', ['clone', '--quiet', repository.folder, join(folder, 'head')]);
    execFileSync('bash', ['-e', '-o', 'pipefail', '-c', first!.run!], { cwd: folder, stdio: 'ignore' });
    expect(readdirSync(join(folder, 'history'))).toEqual(['.git']);
    const branch = execFileSync('git', ['-C', join(folder, 'history'), 'symbolic-ref', 'HEAD'], { encoding: 'utf8' });
    expect(branch.trim()).toBe('refs/heads/perf-data');
    // Any other trouble than a branch that is not there ends the job, before it could overwrite the history.
    rmSync(join(folder, 'history'), { recursive: true });
    execFileSync('git', ['-C', join(folder, 'head'), 'remote', 'set-url', 'origin', join(dir, 'nowhere')]);
    expect(() => execFileSync('bash', ['-e', '-c', first!.run!], { cwd: folder, stdio: 'ignore' })).toThrow();
    expect(existsSync(join(folder, 'history'))).toBe(false);
  });
});

const compareCall = 'compare x.ndjson --gate=p50:10% --gate=p*:5%';

describe('the action', () => {
  test('is given texts, never code: what looks like shell in an input stays a text', () => {
    const pwned = join(dir, 'pwned');
    const hostile = `$(touch ${pwned})"; touch ${pwned}; "`;
    const result = runAction(job(revisions.same, { blocks: hostile }));
    assertCode(result, 2);
    expect(result.log).toContain('whole number');
    assertCode(runAction(job(revisions.same, { scenario: hostile, blocks: '' })), 2);
    assertCode(runAction(job(revisions.same, { settings: hostile })), 2);
    assertCode(runAction(job(revisions.same, { gates: hostile })), 2);
    expect(existsSync(pwned)).toBe(false);
  });

  test('refuses a fail-on that it does not know before it measures, and leaves nothing to upload or to comment', () => {
    const result = runWorkflow(pullRequest, job(revisions.same, { 'fail-on': 'sometimes' }));
    assertCode(result, 2);
    expect(result.log).toContain('::error title=connbench::fail-on is regression or inconclusive');
    expect(result.used.map(({ uses }) => uses)).toEqual(['actions/setup-node@v4']);
    expect(calls()).toEqual([]);
  });

  test.each([
    // compare, run, trend, fail-on -> the job
    [0, 0, 0, 'regression', 0],
    [4, 0, 0, 'regression', 4],
    [5, 0, 0, 'regression', 0],
    // 3 and 4 stand over 5, 6 over all.
    [5, 3, 0, 'inconclusive', 3],
    [5, 0, 4, 'inconclusive', 4],
    [0, 3, 4, 'regression', 4],
    [5, 6, 4, 'inconclusive', 6],
    [6, 6, 4, 'regression', 6],
    [5, 0, 0, 'inconclusive', 5],
    // Too many blocks were invalid for a verdict; with enough left, the verdict stands.
    [5, 6, 0, 'regression', 6],
    [0, 6, 0, 'regression', 0],
    [4, 6, 0, 'regression', 4],
    // A refuted claim, a trend that got worse, and a comparison that could not be made.
    [0, 3, 0, 'regression', 3],
    [0, 0, 4, 'regression', 4],
    [2, 0, 0, 'regression', 2],
  ])('compare %i, run %i, trend %i, fail-on %s: exit %i', (compare, run, trend, failOn, expected) => {
    const built = join(dir, 'built');
    mkdirSync(join(built, 'dist/cli'), { recursive: true });
    // It is called with one option per gate and nothing else.
    const script = `console.log('"outcome": "passed"');
const codes = { '': ${compare === 5 ? 0 : compare}, ' --fail-on inconclusive': ${compare}, ' --json': ${compare} };
process.exit(codes[process.argv.slice(2).join(' ').replace('${compareCall}', '')] ?? 99);`;
    writeFileSync(join(built, 'dist/cli/main.js'), script);
    const { run: shell = '' } = readAction(root).runs.steps.find(({ id }) => id === 'verdict')!;
    const output = join(dir, 'output');
    writeFileSync(output, '');
    const env = {
      ACTION: built,
      RESULTS: 'x.ndjson',
      GATES: 'p50:10%\n p*:5%',
      FAIL_ON: failOn,
      GITHUB_OUTPUT: output,
      RUNNER_TEMP: dir,
    };
    const { status } = spawnSync('bash', ['-e', '-o', 'pipefail', '-c', shell], {
      env: { ...process.env, ...env, RUN_CODE: String(run), TREND_CODE: String(trend) },
    });
    expect(status).toBe(expected);
    expect(readFileSync(output, 'utf8')).toBe(`exit-code=${expected}\n`);
  });

  test.each([
    // Gates, what compare says without --fail-on, run -> the job: without a gate nothing outweighs invalid trials.
    ['', 0, 6, 6],
    ['', 0, 0, 0],
    // Nothing could have failed the gate, whatever fail-on says.
    ['p50:10%', 5, 0, 5],
  ])('gates %j, compare %i, run %i: exit %i', (given, compare, run, expected) => {
    const built = join(dir, 'built-2');
    mkdirSync(join(built, 'dist/cli'), { recursive: true });
    writeFileSync(join(built, 'dist/cli/main.js'), `console.log('{ "gates": [] }'); process.exit(${compare});`);
    const { run: shell = '' } = readAction(root).runs.steps.find(({ id }) => id === 'verdict')!;
    const output = join(dir, 'output-2');
    writeFileSync(output, '');
    const env = { ACTION: built, RESULTS: 'x.ndjson', GATES: given, FAIL_ON: 'regression', GITHUB_OUTPUT: output };
    const { status } = spawnSync('bash', ['-e', '-o', 'pipefail', '-c', shell], {
      env: { ...process.env, ...env, RUNNER_TEMP: dir, RUN_CODE: String(run), TREND_CODE: '0' },
    });
    expect(status).toBe(expected);
  });

  test('refuses a gate that is none before it measures', () => {
    const result = runAction(job(revisions.same, { gates: 'p5o:10%' }));
    assertCode(result, 2);
    expect(result.outputs['action']).toMatchObject({ 'exit-code': '2', results: '' });
  });

  test('every checkout of the workflows keeps its credentials off the disk', () => {
    const steps = [pullRequest, nightly].flatMap((path) => Object.values(readWorkflow(path).jobs)[0]!.steps);
    const checkouts = steps.filter(({ uses }) => uses?.startsWith('actions/checkout@') === true);
    expect(checkouts.map((step) => step.with?.['persist-credentials'])).toEqual([false, false, false, false]);
  });

  test('installs itself where it is not built yet', () => {
    const fresh = join(dir, 'fresh');
    mkdirSync(fresh);
    cpSync(join(root, 'action.yml'), join(fresh, 'action.yml'));
    const result = runAction({ ...job(revisions.same), actionPath: fresh });
    expect(calls()).toEqual([`npm ci --no-audit --no-fund in ${fresh}`]);
    // The fake built nothing.
    expect(result.ok).toBe(false);
  });

  test('has every input that its documentation uses', () => {
    const text = readFileSync(join(root, 'docs/performance-ci.md'), 'utf8');
    const examples = [...text.matchAll(/^```yaml\n(.*?)^```$/gms)].flatMap(([, yaml]) => parse(yaml!) as unknown);
    const steps = examples.flatMap((example) => example as { uses?: string; with?: object });
    const given = steps.filter(({ uses }) => uses?.includes('connbench')).map((step) => Object.keys(step.with ?? {}));
    expect(given.length).toBeGreaterThan(0);
    const { inputs } = readAction(root);
    expect(given.flat().filter((name) => !(name in inputs))).toEqual([]);
    // And says what each of them does.
    expect(Object.keys(inputs).filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
  });

  test('and the workflows use actions of GitHub by major version, and their own by folder', () => {
    const steps = [pullRequest, nightly].flatMap((path) => Object.values(readWorkflow(path).jobs)[0]!.steps);
    const uses = [...steps, ...readAction(root).runs.steps].flatMap((step) => step.uses ?? []);
    expect(uses.length).toBeGreaterThan(5);
    expect(uses.filter((name) => !/^(actions\/(checkout|setup-node|upload-artifact)@v4|\.\/head)$/.test(name))).toEqual(
      [],
    );
  });

  test('the workflows ask for the rights they need and no others', () => {
    expect(readWorkflow(pullRequest).permissions).toEqual({ contents: 'read', 'pull-requests': 'write' });
    expect(readWorkflow(nightly).permissions).toEqual({ contents: 'write', issues: 'write' });
  });
});
