/** Splits one line into words as a POSIX shell does, but expands nothing: no variables, no patterns, no substitution. */
import { quote } from './problem.ts';
import type { Parsed } from './units.ts';

/** What a shell would act on. Taken literally it would surprise, so it has to be quoted. */
const operators = '|&;<>()`$';
/** After a backslash within double quotes these stand for themselves; before all else the backslash stays (POSIX XCU 2.2.3). */
const escapable = '$`"\\';

/** `node "a b.mjs" --x='y z'` -> `node`, `a b.mjs`, `--x=y z`. */
export function splitCommand(line: string): Parsed<readonly string[]> {
  const splitter = new Splitter(line);
  const message = splitter.run();
  return message === null ? { ok: true, value: splitter.words } : { ok: false, message };
}

class Splitter {
  readonly words: string[] = [];
  private readonly line: string;
  private position = 0;
  /** Null between words; an empty text where quotes have begun a word. */
  private word: string | null = null;

  constructor(line: string) {
    this.line = line;
  }

  /** What is wrong with the line, or null. */
  run(): string | null {
    while (this.position < this.line.length) {
      const wrong = this.step(this.line[this.position]!);
      if (wrong !== null) return wrong;
    }
    this.endWord();
    return null;
  }

  private step(character: string): string | null {
    this.position++;
    if (character === ' ' || character === '\t' || character === '\n') {
      this.endWord();
      return null;
    }
    if (operators.includes(character)) return unquoted(character);
    if (character === "'") return this.single();
    if (character === '"') return this.double();
    if (character !== '\\') {
      this.add(character);
      return null;
    }
    const escaped = this.line[this.position];
    if (escaped === undefined) return 'ends with a backslash';
    this.position++;
    if (escaped !== '\n') this.add(escaped);
    return null;
  }

  private single(): string | null {
    const end = this.line.indexOf("'", this.position);
    if (end < 0) return "has a ' that is not closed";
    this.add(this.line.slice(this.position, end));
    this.position = end + 1;
    return null;
  }

  private double(): string | null {
    this.add('');
    for (;;) {
      const character = this.line[this.position++];
      if (character === undefined) return 'has a " that is not closed';
      if (character === '"') return null;
      if (character === '$' || character === '`') return unquoted(character);
      const next = this.line[this.position] ?? '';
      if (character === '\\' && next !== '' && (escapable + '\n').includes(next)) {
        this.position++;
        if (next !== '\n') this.add(next);
      } else this.add(character);
    }
  }

  private add(text: string): void {
    this.word = (this.word ?? '') + text;
  }

  private endWord(): void {
    if (this.word !== null) this.words.push(this.word);
    this.word = null;
  }
}

function unquoted(character: string): string {
  return `holds ${quote(character)}, which means something to a shell, and none runs here: put it in ' quotes, or give a list of words`;
}
