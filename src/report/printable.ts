/** Makes text from files, servers and other programs safe to print: no control sequence reaches the terminal. */

/** Control, format (bidirectional overrides, zero width), surrogate, line and paragraph separator characters. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** The text with every unprintable character as `\u001b`, cut off with an ellipsis after `most` characters. */
export function printable(text: string, most = 300): string {
  const characters = Array.from(text);
  const kept = characters.length > most ? `${characters.slice(0, most).join('')}…` : text;
  return kept.replaceAll(unprintable, escapeCharacter);
}

/** The same for JSON, whose strings may hold control characters of the C1 range bare: escapes that every JSON parser reads back. */
export function printableJson(json: string): string {
  return json.replaceAll(/[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}]/gu, escapeCharacter);
}

function escapeCharacter(character: string): string {
  return [...Array(character.length).keys()]
    .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`)
    .join('');
}
