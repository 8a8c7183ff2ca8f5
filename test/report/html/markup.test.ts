/** The one way from text to HTML: nothing that a stranger wrote may become markup. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { escapeHtml, html, inlineBlock, jsonScript, listing, svg } from '../../../src/report/html/markup.ts';
import { hostileNames } from './fixtures.ts';

/** What a browser shows for the escaped text: the five entities read back. */
function shown(escaped: string): string {
  const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', '#39': "'", amp: '&' };
  return escaped.replaceAll(/&(lt|gt|quot|#39|amp);/g, (_, name: string) => entities[name]!);
}

const anyText = fc.string({ unit: 'binary', maxLength: 60 });

describe('html', () => {
  test('escapes values in elements and attributes, and leaves markup alone', () => {
    const inner = html`<b>${'a & b'}</b>`;
    const made = html`<p title="${`"><x y='1'>`}">${inner}${null}${[inner, 7]}</p>`;
    expect(made.toString()).toBe('<p title="&quot;&gt;&lt;x y=&#39;1&#39;&gt;"><b>a &amp; b</b><b>a &amp; b</b>7</p>');
  });

  test('drops the indentation of the template, not the spaces of a value', () => {
    const made = svg`<g>
      ${'  two   spaces'}
    </g>`;
    expect(made.toString()).toBe('<g>\n  two   spaces\n</g>');
  });

  test('shows control characters and direction overrides as escapes', () => {
    expect(escapeHtml('a\u202Eb\u0000c\nd\u2028')).toBe('a\\u202eb\\u0000c\\u000ad\\u2028');
  });

  test('cuts long texts', () => {
    expect(escapeHtml('<'.repeat(5000))).toBe(`${'&lt;'.repeat(1000)}…`);
  });

  test('gives back what a browser would show, for any text', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const escaped = escapeHtml(text);
        expect(escaped).not.toMatch(/[<>"']|&(?!(?:lt|gt|quot|#39|amp);)/);
        const visible = text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '');
        expect(shown(escaped).replaceAll(/\\u[0-9a-f]{4}/g, '')).toBe(visible.replaceAll(/\\u[0-9a-f]{4}/g, ''));
      }),
    );
  });

  test('a listing keeps its line ends', () => {
    expect(listing('{\n  "a": "<b>"\n}').toString()).toBe('{\n  &quot;a&quot;: &quot;&lt;b&gt;&quot;\n}');
  });
});

describe('jsonScript', () => {
  test('no text ends the element, and every value reads back', () => {
    const made = jsonScript('data', hostileNames).toString();
    const start = '<script type="application/json" id="data">';
    const json = made.slice(start.length, -'</script>'.length);
    expect(made.startsWith(start)).toBe(true);
    expect(json).not.toMatch(/[<>&\u2028\u2029]/);
    expect(JSON.parse(json)).toEqual(hostileNames);
  });

  test('for any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const json = jsonScript('x', value).toString().slice('<script type="application/json" id="x">'.length, -9);
        expect(json).not.toMatch(/[<>&]/);
        expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

describe('inlineBlock', () => {
  test('puts a script in as it is', () => {
    expect(inlineBlock('script', 'if (1 < 2 && "x") {}').toString()).toBe('<script>if (1 < 2 && "x") {}</script>');
  });

  // A CR would be read as LF by a browser, and then the hash in the security policy would not fit.
  test.each(['a</script>', 'a</STYLE >', '<!-- x', 'a\r\nb'])('refuses %j', (text) => {
    expect(() => inlineBlock('script', text)).toThrow('would end early');
  });
});
