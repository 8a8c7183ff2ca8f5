/** Evaluates the expressions of GitHub workflows, as far as ours use them: paths, texts, ==, !=, &&, ||, parentheses, status functions. */

interface Tree {
  readonly [key: string]: string | Tree | undefined;
}

export interface Contexts {
  readonly github: Tree;
  readonly inputs: Tree;
  readonly steps: Tree;
  /** No step has failed. */
  readonly isOk: boolean;
}

type Value = string | boolean;

/** A missing property is an empty text, as on GitHub. Throws for what it does not know. */
export function evaluate(expression: string, contexts: Contexts): Value {
  const words = expression.match(/'[^']*'|[\w.-]+\(\)|[\w.-]+|==|!=|&&|\|\||[()]|\S/g) ?? [];
  const parser = new Parser(words, contexts);
  const value = parser.either();
  parser.end();
  return value;
}

class Parser {
  private readonly words: readonly string[];
  private readonly contexts: Contexts;
  private at = 0;

  constructor(words: readonly string[], contexts: Contexts) {
    this.words = words;
    this.contexts = contexts;
  }

  end(): void {
    if (this.at < this.words.length) throw new Error(`cannot evaluate ${this.words.slice(this.at).join(' ')}`);
  }

  either(): Value {
    let value = this.both();
    while (this.take('||')) {
      const other = this.both();
      value = isTrue(value) ? value : other;
    }
    return value;
  }

  private both(): Value {
    let value = this.equal();
    while (this.take('&&')) {
      const other = this.equal();
      value = isTrue(value) ? other : value;
    }
    return value;
  }

  private equal(): Value {
    const value = this.single();
    if (this.take('==')) return value === this.single();
    if (this.take('!=')) return value !== this.single();
    return value;
  }

  private single(): Value {
    const word = this.words[this.at++] ?? '';
    if (word === '(') {
      const value = this.either();
      if (!this.take(')')) throw new Error('a parenthesis is open');
      return value;
    }
    if (word.startsWith("'")) return word.slice(1, -1);
    if (word === 'always()') return true;
    if (word === 'success()') return this.contexts.isOk;
    if (word === 'failure()') return !this.contexts.isOk;
    if (!/^(github|inputs|steps)\./.test(word)) throw new Error(`cannot evaluate ${word}`);
    let value: string | Tree | undefined = this.contexts as unknown as Tree;
    for (const key of word.split('.')) value = typeof value === 'object' ? value[key] : undefined;
    if (typeof value === 'object') throw new Error(`${word} is not a text`);
    return value ?? '';
  }

  private take(word: string): boolean {
    if (this.words[this.at] !== word) return false;
    this.at++;
    return true;
  }
}

function isTrue(value: Value): boolean {
  return value !== '' && value !== false;
}
