/** Memory outside the JavaScript heap, whose address never changes: what native calls read and write. */
import { requireNative } from './native.ts';

export interface NativeBuffer {
  readonly address: number;
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/** Allocates zeroed native memory. It lives until `freeNative` or the end of the process. Throws where the allocator refuses. */
export function allocateNative(size: number): NativeBuffer {
  const { libc, view } = requireNative();
  // Zeroed by the system where it is large: pages that are never touched cost nothing.
  const address = libc.calloc(1, size);
  if (address === 0) throw new Error(`calloc of ${size} bytes failed`);
  const memory = view(address, size);
  const bytes = new Uint8Array(memory);
  return { address, bytes, view: new DataView(memory) };
}

/** Gives the memory back. The views of the buffer must not be used afterwards. */
export function freeNative(buffer: NativeBuffer): void {
  requireNative().libc.free(buffer.address);
}
