/** The limit of open files as this process has it, against /proc. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fileLimit, setFileLimit } from '../../src/kernel/file-limit.ts';

function fromProc(): readonly [soft: string, hard: string] {
  const [, soft, hard] = /^Max open files +(\S+) +(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))!;
  return [soft!, hard!];
}

test('sets and reads the soft limit, and leaves the hard one', () => {
  const before = fileLimit();
  const [soft, hard] = fromProc();
  expect(soft).toBe(before === Infinity ? 'unlimited' : String(before));
  try {
    expect(setFileLimit(1000)).toBe(0);
    expect(fileLimit()).toBe(1000);
    expect(fromProc()).toEqual(['1000', hard]);
  } finally {
    if (before !== Infinity) setFileLimit(before);
  }
});
