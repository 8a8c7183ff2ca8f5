/** What each kind of attacker writes: at once, and then bit by bit. */
import type { AttackerKind } from '../scenario/attacker-config.ts';
import type { AttackTarget } from './messages.ts';

export interface AttackBytes {
  /** Written as soon as the connection is established; empty for nothing. */
  readonly opening: string;
  /** Written at every tick; empty for nothing. */
  readonly drop: string;
  /** The opening is a whole request. */
  readonly isWhole: boolean;
  /** Reads what comes as it comes; the others are told of the server's end by the kernel. */
  readonly reads: boolean;
}

/** Longer than any attack: at a byte per 10 ms it lasts for months. */
const bodyBytes = 1_000_000_000;

export function attackBytes(kind: AttackerKind, { host, port, path }: AttackTarget): AttackBytes {
  const field = `Host: ${host}:${port}\r\n`;
  const get = `GET ${path} HTTP/1.1\r\n${field}`;
  switch (kind) {
    case 'slow-headers':
      return { opening: `${get}X-Slow: `, drop: 'a', isWhole: false, reads: true };
    case 'slow-body': {
      const opening = `POST ${path} HTTP/1.1\r\n${field}Content-Length: ${bodyBytes}\r\n\r\n`;
      return { opening, drop: 'a', isWhole: false, reads: true };
    }
    case 'silent':
      return { opening: '', drop: '', isWhole: false, reads: true };
    case 'slow-reader':
    case 'unread-body':
      return { opening: `${get}\r\n`, drop: '', isWhole: true, reads: false };
  }
}

/** `HTTP/1.1 408 ...` -> 408; null for anything else. */
export function statusOf(text: string): number | null {
  const [, digits] = /^HTTP\/1\.[01] (\d{3})/.exec(text) ?? [];
  return digits === undefined ? null : Number(digits);
}
