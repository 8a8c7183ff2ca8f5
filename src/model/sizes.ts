/** About how many bytes a request and a response of the bundled programs have on a connection, heads included. */
import type { RequestConfig, ResponseConfig } from '../scenario/config.ts';

/** Of a request line with Host and a few fields, and of a status line with Date, Content-Length, Connection and Keep-Alive. */
const requestHeadBytes = 100;
const responseHeadBytes = 150;
/** Heads are between nothing and this: what depends on so many bytes is not sure. */
export const mostHeadBytes = 300;

export function requestBytes({ bodyBytes = 0, headers = {}, path }: RequestConfig): number {
  const own = Object.entries(headers).reduce((sum, [name, value]) => sum + name.length + value.length + 4, 0);
  return requestHeadBytes + path.length + own + bodyBytes;
}

export function responseBytes({ sizeBytes }: Pick<ResponseConfig, 'sizeBytes'>): number {
  return responseHeadBytes + sizeBytes;
}
