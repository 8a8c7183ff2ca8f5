/**
 * Makes one classic script of our few modules for the browser, so that a page can hold it in one `<script>`: each becomes a function
 * whose exports the later ones take. Knows only what the compiler makes of our own sources: `import { a, b } from './name.js';` on a line
 * of its own, and `export` before a declaration. Anything else throws.
 */

const importLine = /^import (?:\{ ([\w ,]*) \} from )?["']\.\/([\w-]+)\.js["'];$/gm;
const exportedDeclaration = /^export (?=(?:async )?(?:function|class|const) (\w+))/gm;

/** `read` gives the compiled text of a module by its name without `.js`. Throws an Error for what it cannot join. */
export function joinModules(entry: string, read: (name: string) => string): string {
  const joined = new Map<string, string>();
  join(entry, [], joined, read);
  return `(() => {\n'use strict';\n${[...joined.values()].join('')}})();\n`;
}

/** Adds the modules that it needs first. */
function join(
  name: string,
  above: readonly string[],
  joined: Map<string, string>,
  read: (name: string) => string,
): void {
  if (joined.has(name)) return;
  if (above.includes(name)) throw new Error(`modules import each other: ${[...above, name].join(', ')}`);
  const source = read(name);
  for (const [, , needed] of source.matchAll(importLine)) join(needed!, [...above, name], joined, read);
  const exported = [...source.matchAll(exportedDeclaration)].map(([, found]) => found!);
  const body = source
    .replaceAll(importLine, (_line, names: string | undefined, from: string) =>
      names === undefined ? '' : `const { ${names} } = ${variableOf(from)};`,
    )
    .replaceAll(exportedDeclaration, '')
    .replaceAll(/^export \{\};$|^\/\/# sourceMappingURL=.*$/gm, '');
  const left = /^\s*(?:import|export)\b.*/m.exec(body);
  if (left !== null) throw new Error(`module ${name} has a line that cannot be joined: ${left[0]}`);
  joined.set(name, `const ${variableOf(name)} = (() => {\n${body.trim()}\nreturn { ${exported.join(', ')} };\n})();\n`);
}

function variableOf(name: string): string {
  return `module_${name.replaceAll('-', '_')}`;
}
