/** The only way from text to HTML: a tagged template that escapes whatever is not markup already. */
import { printable, printableJson } from '../printable.ts';

/** HTML that is safe to put into a page. Made by the functions of this file only. */
export class Markup {
  readonly #text: string;

  /** `text` is taken as it is: nothing but the functions of this file may call this. */
  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

/** Null and the empty list stand for nothing. */
export type Content = string | number | Markup | null | readonly Content[];

/** Longer texts are cut off: nobody reads them, and a page must stay small. */
const mostCharacters = 1000;
/** Of a listing, which is there to be copied. */
const mostListed = 100_000;

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as HTML, in an element or between double quotes. Control characters and bidirectional overrides show as escapes. */
export function escapeHtml(text: string, most = mostCharacters): string {
  return printable(text, most).replaceAll(/[&<>"']/g, (character) => entities[character]!);
}

/**
 * Markup with every value escaped that is not markup itself. Attribute values must stand between double quotes. The indentation of the
 * template is left out.
 */
export function html(parts: TemplateStringsArray, ...values: readonly Content[]): Markup {
  const text = parts.map((part, at) => {
    const own = part.replaceAll(/\s*\n\s*/g, '\n');
    return at === 0 ? own : render(values[at - 1]!) + own;
  });
  return new Markup(text.join(''));
}

/** The same for the elements of a drawing, under a name that formatters leave as it is. */
export function svg(parts: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return html(parts, ...values);
}

function render(content: Content): string {
  if (content === null) return '';
  if (content instanceof Markup) return content.toString();
  if (typeof content === 'string') return escapeHtml(content);
  return typeof content === 'number' ? String(content) : content.map(render).join('');
}

/** Text whose line ends are kept, for a `<pre>`. */
export function listing(text: string): Markup {
  return new Markup(
    text
      .split('\n')
      .map((line) => escapeHtml(line, mostListed))
      .join('\n'),
  );
}

const unsafeInScript = /[<>&]/g;

/** Data for scripts and other programs: a JSON block that no text in it can end. */
export function jsonScript(id: string, value: unknown): Markup {
  const json = printableJson(JSON.stringify(value)).replaceAll(unsafeInScript, unicodeEscape);
  return new Markup(`<script type="application/json" id="${escapeHtml(id)}">${json}</script>`);
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** A script or style of connbench's own, as it is. Throws where the text would end its element. */
export function inlineBlock(element: 'script' | 'style', text: string): Markup {
  if (/<\/(?:script|style)|<!--|\r/i.test(text)) throw new Error(`a ${element} of the page would end early`);
  return new Markup(`<${element}>${text}</${element}>`);
}
