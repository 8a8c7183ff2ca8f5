/** Reads a JSON document and says in which line it breaks: the engine's own messages often do not. */
import { importError } from './import-error.ts';

/** Throws a UserError for text that is not one JSON document. */
export function parseJsonText(text: string, file: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    const at = brokenAt(text) ?? text.length;
    const line = text.slice(0, at).split('\n').length;
    const found = JSON.stringify(text.slice(at, at + 20));
    throw importError(
      file,
      line,
      at >= text.trimEnd().length ? 'not JSON: it ends too early' : `not JSON from ${found} on`,
      'The file must hold what the program printed with its JSON option, and nothing else.',
    );
  }
}

const token =
  /[\t\n\r ]*(?:([{}[\],:])|("(?:[\u0020\u0021\u0023-\u005b\u005d-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null))/y;
const space = /[\t\n\r ]*/y;

type Expected = 'value' | 'value or end' | 'key' | 'key or end' | 'colon' | 'comma or end';

/** Offset of the first character that JSON does not allow where it stands (RFC 8259), the length where the text ends too early; null for JSON. */
export function brokenAt(text: string): number | null {
  const open: ('{' | '[')[] = [];
  let expected: Expected = 'value';
  let at = 0;
  for (;;) {
    space.lastIndex = at;
    space.test(text);
    const start = space.lastIndex;
    if (expected === 'comma or end' && open.length === 0) return start === text.length ? null : start;
    token.lastIndex = at;
    const found = token.exec(text);
    if (found === null) return start;
    const next = after(found[1] ?? null, (found[2] ?? '').startsWith('"'), expected, open);
    if (next === null) return start;
    expected = next;
    at = token.lastIndex;
  }
}

/** What is expected after a sign or, where that is null, a scalar; null where it must not stand here. Keeps `open` up to date. */
function after(sign: string | null, isText: boolean, expected: Expected, open: ('{' | '[')[]): Expected | null {
  const top = open.at(-1);
  switch (expected) {
    case 'colon':
      return sign === ':' ? 'value' : null;
    case 'key':
    case 'key or end':
      if (sign === null) return isText ? 'colon' : null;
      return expected === 'key or end' && sign === '}' ? close(open) : null;
    case 'comma or end':
      if (sign === ',') return top === '{' ? 'key' : 'value';
      return sign === (top === '{' ? '}' : ']') ? close(open) : null;
    case 'value':
    case 'value or end':
      if (sign === null) return 'comma or end';
      if (sign === ']' && expected === 'value or end') return close(open);
      if (sign !== '{' && sign !== '[') return null;
      open.push(sign);
      return sign === '{' ? 'key or end' : 'value or end';
  }
}

function close(open: ('{' | '[')[]): Expected {
  open.pop();
  return 'comma or end';
}
