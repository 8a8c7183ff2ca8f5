/** Text for Markdown as GitHub shows it: nothing in a name becomes markup, a link, a mention, a reference or an emoji. */
import { printable } from './printable.ts';

/** What has a meaning in the middle of a line. A backslash is no escape for the pipe in a table, nor for entities and tags everywhere. */
const escapes: Readonly<Record<string, string>> = {
  '|': '&#124;',
  '<': '&lt;',
  '>': '&gt;',
  '&': '&amp;',
  '`': '&#96;',
  '\\': '\\\\',
  '*': '\\*',
  _: '\\_',
  '[': '\\[',
  ']': '\\]',
  '~': '\\~',
  $: '\\$',
  '#': '\\#',
};
const special = /[|<>&`\\*_[\]~$#]/g;

/** Zero-width space: shown as nothing, and ends what GitHub takes for a mention, a reference or an address. */
const gap = '&#8203;';

/** A sentence with names in it, for the middle of a line or a table cell; cut off after `most` characters. */
export function prose(text: string, most = 1000): string {
  return unlinked(printable(text, most).replaceAll(special, (character) => escapes[character]!));
}

/** The same for a line of HTML, such as a `<summary>`, in which Markdown has no meaning and its escapes would be seen. */
export function htmlProse(text: string, most = 1000): string {
  return unlinked(printable(text, most).replaceAll(/[<>&]/g, (character) => escapes[character]!));
}

/** The colon before the name of an emoji, whose underscores may be escaped. Two digits are none, but part of a time. */
const emojiStart = /:(?!\d\d:)(?=[\w+\\-]+:)/g;

function unlinked(escaped: string): string {
  return escaped
    .replaceAll('@', `@${gap}`)
    .replaceAll(/#(?=\d)(?<!&#)/g, `#${gap}`)
    .replaceAll(/\bgh-(?=\d)/gi, (start) => `${start}${gap}`)
    .replaceAll(emojiStart, `:${gap}`)
    .replaceAll('://', `:${gap}//`)
    .replaceAll(/\bwww\./gi, (start) => `${start}${gap}`);
}

/** A name as a code span, in which nothing has a meaning; the characters that would end it or its table cell are shown as escapes. */
export function code(text: string, most = 100): string {
  const safe = printable(text, most).replaceAll('`', '\\u0060').replaceAll('|', '\\u007c');
  // A code span of nothing, or of spaces only, is none.
  return `\`${safe.trim() === '' ? '?' : safe}\``;
}
