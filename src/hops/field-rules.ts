/** What a reverse proxy does to the fields of the messages that it passes on: RFC 9110 §7.6 and RFC 9112 §6, §9. */
import type { HeaderField } from './message-head.ts';
import { members } from './message-head.ts';

/** Meant for the next recipient only, whether or not Connection names them (RFC 9110 §7.6.1). */
const hopByHop: ReadonlySet<string> = new Set(['connection', 'proxy-connection', 'keep-alive', 'te', 'upgrade']);

/** End-to-end fields that Connection may not take away: without them the message would mean something else. */
const needed: ReadonlySet<string> = new Set(['host', 'content-length', 'transfer-encoding', 'cache-control']);

/** Named in the Via field (RFC 9110 §7.6.3). */
const viaName = 'connbench';

/**
 * The fields that go on. Transfer-Encoding stays, because bodies go on in the coding in which they came. Of several equal lines of
 * Content-Length one is left (RFC 9110 §8.6).
 */
function endToEnd(fields: readonly HeaderField[]): readonly HeaderField[] {
  const named = new Set(members(fields, 'connection').filter((option) => !needed.has(option)));
  let hasLength = false;
  return fields.filter(({ name }) => {
    const lower = name.toLowerCase();
    if (hopByHop.has(lower) || named.has(lower)) return false;
    if (lower !== 'content-length') return true;
    const isFirst = !hasLength;
    hasLength = true;
    return isFirst;
  });
}

/** Fields of a request on its way to the next program. `minor`: of the version in which it came. */
export function requestFields(
  fields: readonly HeaderField[],
  { minor, close }: { readonly minor: number; readonly close: boolean },
): readonly HeaderField[] {
  return [
    ...endToEnd(fields),
    { name: 'Via', value: `1.${minor} ${viaName}` },
    ...(close ? [{ name: 'Connection', value: 'close' }] : []),
  ];
}

/** Fields of a response on its way to the client. `unchunked`: its body goes on without its chunks. */
export function responseFields(
  fields: readonly HeaderField[],
  { minor, close, unchunked }: { readonly minor: number; readonly close: boolean; readonly unchunked: boolean },
): readonly HeaderField[] {
  const kept = endToEnd(fields).filter(
    ({ name }) => !unchunked || !['transfer-encoding', 'trailer'].includes(name.toLowerCase()),
  );
  const hasDate = kept.some(({ name }) => name.toLowerCase() === 'date');
  return [
    ...kept,
    // A recipient with a clock adds the date that is missing (RFC 9110 §6.6.1).
    ...(hasDate ? [] : [{ name: 'Date', value: new Date().toUTCString() }]),
    { name: 'Via', value: `1.${minor} ${viaName}` },
    ...(close ? [{ name: 'Connection', value: 'close' }] : []),
  ];
}
