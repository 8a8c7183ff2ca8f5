/** Sentences of the claims file as Markdown: what stands between backticks is code, nothing else has a meaning. */
import { code, prose } from '../report/markdown-text.ts';

const most = 2000;

export function inlineMarkdown(text: string): string {
  const parts = text.replaceAll(/\s+/g, ' ').split('`');
  // An odd backtick opens nothing: the last part then belongs to the sentence.
  const closed = parts.length % 2 === 1;
  return parts
    .map((part, at) => (at % 2 === 1 && (closed || at < parts.length - 1) ? code(part, most) : prose(part, most)))
    .join('');
}
