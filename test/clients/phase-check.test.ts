/** When the check of phases is wanted; what it finds is tested with the recorder. */
import { describe, expect, it } from 'vitest';
import { PhaseCheck, wantsPhaseCheck } from '../../src/clients/phase-check.ts';

describe('wantsPhaseCheck', () => {
  it.each([
    [{ CONNBENCH_CHECK_PHASES: '1' }, true],
    [{ CONNBENCH_CHECK_PHASES: '0' }, false],
    [{ CONNBENCH_CHECK_PHASES: '' }, false],
    [{}, false],
  ])('%o -> %s', (env, expected) => {
    expect(wantsPhaseCheck(env)).toBe(expected);
  });
});

describe('PhaseCheck', () => {
  it('allows what the last bits of a clock reading may lose, and no whole nanosecond more', () => {
    const check = new PhaseCheck();
    check.check(1, 2, 3, 6, 4, 5, 20.9, 21.9);
    check.check(1, 2, 3, 6, 4, 5, 18.5, 19.5);
    expect(check.report()).toMatchObject({ checked: 2, faults: 1 });
  });

  it('keeps the first fault', () => {
    const check = new PhaseCheck();
    check.check(0, 0, 0, 0, 5, 0, 9, 9);
    check.check(0, 0, 0, 0, 6, 0, 9, 9);
    const { faults, first } = check.report();
    expect(faults).toBe(2);
    expect(first).toContain('tls 0 + firstByte 5 + download 0 ns against service 9 ns');
  });
});
