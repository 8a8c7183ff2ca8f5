import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitCommand } from '../../src/scenario/command-line.ts';

describe('a command in one line', () => {
  it.each<[line: string, words: readonly string[]]>([
    ['node server.mjs', ['node', 'server.mjs']],
    ['  node\t server.mjs \n', ['node', 'server.mjs']],
    [`node 'a b.mjs' "c d"`, ['node', 'a b.mjs', 'c d']],
    [`node --name='x y'"z"`, ['node', '--name=x yz']],
    [`node '' ""`, ['node', '', '']],
    ['node a\\ b \\"c', ['node', 'a b', '"c']],
    ['node "a\\"b\\\\c\\d"', ['node', 'a"b\\c\\d']],
    ['node "\\$HOME"', ['node', '$HOME']],
    [`node '$HOME|&;<>()'`, ['node', '$HOME|&;<>()']],
    ['node a\\\nb', ['node', 'ab']],
    ['node {port} *.js ~/x', ['node', '{port}', '*.js', '~/x']],
    ['', []],
  ])('%j', (line, words) => {
    expect(splitCommand(line)).toEqual({ ok: true, value: words });
  });

  const meaning = "which means something to a shell, and none runs here: put it in ' quotes, or give a list of words";
  it.each([
    [`node 'a`, "has a ' that is not closed"],
    ['node "a', 'has a " that is not closed'],
    ['node "a\\', 'has a " that is not closed'],
    ['node a\\', 'ends with a backslash'],
    ['node a > log', `holds ">", ${meaning}`],
    ['node a & node b', `holds "&", ${meaning}`],
    ['node $PORT', `holds "$", ${meaning}`],
    ['node "$PORT"', `holds "$", ${meaning}`],
    ['node `port`', `holds "\`", ${meaning}`],
  ])('refuses %j', (line, message) => {
    expect(splitCommand(line)).toEqual({ ok: false, message });
  });

  it('is split as sh splits it', () => {
    const lines = fc.array(fc.constantFrom('a', 'b', ' ', '\t', '\n', "'", '"', '\\', '{', '='), { maxLength: 20 });
    fc.assert(
      fc.property(lines, (characters) => {
        // A line that begins with a newline, or has one outside quotes, is two commands to a shell.
        const line = characters.join('');
        const split = splitCommand(line);
        if (!split.ok || split.value.length === 0) return;
        expect(split.value).toEqual(wordsOfShell(line));
      }),
      { numRuns: 300 },
    );
  });
});

/** What a program started by `sh` would get. Newlines outside quotes end a command there, so they are made spaces first. */
function wordsOfShell(line: string): readonly string[] {
  const output = execFileSync('sh', ['-c', `set -f; printf '%s\\0' ${spacesForNewlines(line)}`], { encoding: 'utf8' });
  return output.split('\0').slice(0, -1);
}

function spacesForNewlines(line: string): string {
  let quoteMark = '';
  let result = '';
  for (let index = 0; index < line.length; index++) {
    const character = line[index]!;
    if (character === '\\' && quoteMark !== "'") {
      result += character + (line[++index] ?? '');
      continue;
    }
    if (quoteMark === '' && (character === "'" || character === '"')) quoteMark = character;
    else if (character === quoteMark) quoteMark = '';
    result += character === '\n' && quoteMark === '' ? ' ' : character;
  }
  return result;
}
