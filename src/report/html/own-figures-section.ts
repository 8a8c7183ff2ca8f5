/** What clients that count by themselves said: figures that nobody checked. */
import { ownFigureSentences, ownFiguresTitle } from '../own-figures-text.ts';
import { section } from './frame.ts';
import { html, type Markup } from './markup.ts';
import { labelText, type RunView } from './view.ts';

/** Null where no client counts by itself. */
export function ownFiguresSection({ rows, level, id }: RunView): Markup | null {
  const sentences = ownFigureSentences(rows);
  if (sentences.length === 0) return null;
  return section(level, `${id}-own`, ownFiguresTitle, [
    html`<p>
      These are the words of programs that ran in processes of their own. Their times are by their own definition; their
      counts of requests are held against the server's under "Do the counts agree?".
    </p>`,
    html`<ul>
      ${sentences.map(({ variant, text }) => html`<li>${labelText(variant)}: ${text}</li>`)}
    </ul>`,
  ]);
}
