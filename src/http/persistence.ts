/** Whether a connection lives on after a message: the decision of RFC 9112 §9.3, in its order. */

/**
 * `versionMinor` is 0 or 1; the options are those of the message's Connection fields. `close` wins over everything, HTTP/1.1
 * persists by default, HTTP/1.0 only on request. (We are never a proxy, so the rule's exception for proxies does not arise.)
 */
export function persists(versionMinor: number, closeOption: boolean, keepAliveOption: boolean): boolean {
  if (closeOption) return false;
  return versionMinor >= 1 || keepAliveOption;
}
