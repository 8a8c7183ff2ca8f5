import { runInNewContext, Script } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { joinModules } from '../../src/cli/browser-script.ts';
import { readHtmlAssets } from '../../src/cli/html-assets.ts';

function joining(modules: Readonly<Record<string, string>>): () => string {
  return () => joinModules('main', (name) => modules[name] ?? expect.fail(`no module ${name}`));
}

/** What the script puts into `out`. */
function ran(script: string): unknown {
  const out: unknown[] = [];
  runInNewContext(script, { out });
  return out;
}

describe('joinModules', () => {
  it('makes one script in which each module has names of its own and runs once', () => {
    const script = joining({
      main: `import { double, Pair } from "./lib.js";\nimport { base } from './base.js';\nconst own = double(base);\nout.push(own, new Pair().size);\nexport {};\n//# sourceMappingURL=main.js.map`,
      lib: `import { base } from "./base.js";\nconst own = 2;\nexport function double(value) {\n    return value * own;\n}\nexport class Pair {\n    size = base;\n}`,
      base: `export const base = 21;\nout.push('once');`,
    })();
    expect(ran(script)).toEqual(['once', 42, 21]);
    expect(script).not.toMatch(/^(import|export)|sourceMappingURL/m);
  });

  it.each([
    ['a default import', `import lib from "./lib.js";`],
    ['a package', `import { a } from "package";`],
    ['a default export', `export default 1;`],
    ['a list of exports', `const a = 1;\nexport { a };`],
    ['a re-export', `export * from "./lib.js";`],
  ])('refuses %s', (_what, main) => {
    expect(joining({ main, lib: '' })).toThrow('cannot be joined');
  });

  it('refuses modules that import each other', () => {
    const modules = { main: `import { a } from "./lib.js";`, lib: `import { b } from "./main.js";` };
    expect(joining(modules)).toThrow('modules import each other: main, lib, main');
  });
});

describe('readHtmlAssets', () => {
  const { uplotScript, uplotStyle, plotScript, sha256 } = readHtmlAssets();

  it('gives scripts that need nothing else and can stand in a page', () => {
    for (const script of [uplotScript, plotScript]) {
      expect(() => new Script(script)).not.toThrow();
      expect(script).not.toMatch(/<\/script|<!--|\r/i);
      expect(script).not.toMatch(
        /innerHTML|insertAdjacentHTML|outerHTML|document\.write|\beval\b|https?:\/\/(?!github\.com\/leeoniya|www\.w3\.org\/2000\/svg)/,
      );
    }
    expect(uplotStyle).toContain('.u-over');
    expect(uplotStyle).not.toMatch(/<\/style|url\(|@import/i);
  });

  it('keeps the licence of uPlot with it', () => {
    expect(uplotScript).toMatch(/^\/\*!\nThe MIT License \(MIT\)/);
  });

  it('leaves room for the page within 500 kB', () => {
    expect(uplotScript.length + uplotStyle.length + plotScript.length).toBeLessThan(120_000);
  });

  it('hashes as the security policy wants it', () => {
    // printf 'alert(1)' | openssl dgst -sha256 -binary | base64
    expect(sha256('alert(1)')).toBe('bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI=');
  });
});
