// Module hooks by which plain Node loads the TypeScript of the tests: the types are erased, nothing is checked.
import { readFile } from 'node:fs/promises';
import ts from 'typescript';

const compilerOptions = {
  module: ts.ModuleKind.ESNext,
  target: ts.ScriptTarget.ES2023,
  verbatimModuleSyntax: true,
};

export async function load(url, context, nextLoad) {
  if (!url.endsWith('.ts')) return nextLoad(url, context);
  const source = await readFile(new URL(url), 'utf8');
  return {
    format: 'module',
    source: ts.transpileModule(source, { compilerOptions }).outputText,
    shortCircuit: true,
  };
}
