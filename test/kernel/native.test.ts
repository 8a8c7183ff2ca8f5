/** Loading the C library: one answer per process, and a reason in words where FFI cannot be used. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { loadNative, requireNative } from '../../src/kernel/native.ts';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.resetModules();
});

describe('loadNative', () => {
  it('gives the same answer each time', () => {
    expect(loadNative()).toBe(loadNative());
  });

  it.skipIf(!loadNative().ok)('calls work, and errno is that of the last call', () => {
    const { libc, errno } = requireNative();
    expect(libc.close(-1)).toBe(-1);
    expect(errno()).toBe(9); // EBADF
    const fd = libc.socket(2, 1, 0);
    expect(fd).toBeGreaterThan(2);
    expect(libc.socket(9999, 1, 0)).toBe(-1);
    expect(errno()).toBe(97); // EAFNOSUPPORT
    expect(libc.close(fd)).toBe(0);
  });

  it.skipIf(!loadNative().ok)('a view is the memory itself', () => {
    const { libc, view } = requireNative();
    const address = libc.calloc(1, 16);
    const first = new Uint8Array(view(address, 16));
    first.fill(7);
    expect([...new Uint8Array(view(address + 4, 2))]).toEqual([7, 7]);
    libc.free(address);
  });

  it('CONNBENCH_NO_FFI=1 switches it off', async () => {
    vi.stubEnv('CONNBENCH_NO_FFI', '1');
    vi.resetModules();
    const fresh = await import('../../src/kernel/native.ts');
    expect(fresh.loadNative()).toEqual({ ok: false, reason: 'FFI is switched off by CONNBENCH_NO_FFI=1' });
    expect(() => fresh.requireNative()).toThrow('FFI is switched off by CONNBENCH_NO_FFI=1');
  });

  it.each([
    ['platform', 'darwin', 'FFI sockets need Linux; this is darwin'],
    ['arch', 'riscv64', 'FFI struct layouts are known for x64 and arm64; this is riscv64'],
  ] as const)('another %s is named', async (property, value, reason) => {
    vi.stubEnv('CONNBENCH_NO_FFI', '0');
    const original = process[property];
    Object.defineProperty(process, property, { value, configurable: true });
    try {
      vi.resetModules();
      const fresh = await import('../../src/kernel/native.ts');
      expect(fresh.loadNative()).toEqual({ ok: false, reason });
    } finally {
      Object.defineProperty(process, property, { value: original, configurable: true });
    }
  });
});
