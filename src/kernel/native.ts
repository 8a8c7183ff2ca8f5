/** Loads the C library through koffi once per thread: every native call of the program is declared here, or for TLS in `openssl.ts`. */
import { createRequire } from 'node:module';

/** One call as declared to koffi. Addresses travel as numbers, so a call costs no allocation. */
type Call<A extends number[]> = (...args: A) => number;

interface LibC {
  socket: Call<[domain: number, type: number, protocol: number]>;
  connect: Call<[fd: number, address: number, length: number]>;
  bind: Call<[fd: number, address: number, length: number]>;
  listen: Call<[fd: number, backlog: number]>;
  accept4: Call<[fd: number, address: number, lengthAddress: number, flags: number]>;
  getsockname: Call<[fd: number, address: number, lengthAddress: number]>;
  getsockopt: Call<[fd: number, level: number, name: number, value: number, lengthAddress: number]>;
  setsockopt: Call<[fd: number, level: number, name: number, value: number, length: number]>;
  send: Call<[fd: number, address: number, length: number, flags: number]>;
  recv: Call<[fd: number, address: number, length: number, flags: number]>;
  shutdown: Call<[fd: number, how: number]>;
  close: Call<[fd: number]>;
  epoll_create1: Call<[flags: number]>;
  epoll_ctl: Call<[epoll: number, operation: number, fd: number, event: number]>;
  epoll_wait: Call<[epoll: number, events: number, most: number, timeoutMs: number]>;
  epoll_pwait2: Call<[epoll: number, events: number, most: number, timespec: number, sigmask: number]> | null;
  eventfd: Call<[initial: number, flags: number]>;
  read: Call<[fd: number, address: number, length: number]>;
  write: Call<[fd: number, address: number, length: number]>;
  ioctl: Call<[fd: number, request: number, address: number]>;
  getrlimit: Call<[resource: number, limit: number]>;
  setrlimit: Call<[resource: number, limit: number]>;
  prctl: Call<[option: number, arg2: number, arg3: number, arg4: number, arg5: number]>;
  /** At most three arguments of the system call. */
  syscall: Call<[number: number, arg1: number, arg2: number, arg3: number]>;
  calloc: Call<[count: number, size: number]>;
  free: (address: number) => void;
  errnoLocation: () => number;
}

export interface Native {
  readonly libc: LibC;
  /** The memory at an address, as a live view: no copy. The caller keeps the memory allocated while it uses the view. */
  readonly view: (address: number, bytes: number) => ArrayBuffer;
  /** errno of the last native call made by this thread. */
  readonly errno: () => number;
  /** Sleeps in a thread of libuv's pool until the CLOCK_MONOTONIC time at an address (struct timespec), then calls back in this one. */
  readonly sleepUntil: (timespec: number, callback: () => void) => void;
  /** Another function of this process by its C signature; throws where there is none. For `openssl.ts` only. */
  readonly declare: (signature: string) => unknown;
}

export type NativeResult =
  | { readonly ok: true; readonly native: Native }
  /** Why FFI cannot be used here, in a sentence for the record. */
  | { readonly ok: false; readonly reason: string };

/** A function that koffi can call in another thread. */
interface AsyncCall {
  async(...args: readonly [...number[], (error: unknown, result: unknown) => void]): void;
}
interface KoffiLibrary {
  func(definition: string): unknown;
}
interface Koffi {
  load(path: string | null): KoffiLibrary;
  view(address: bigint, bytes: number): ArrayBuffer;
}

/** C signatures by name. `size_t` for addresses makes koffi take and give plain numbers. */
const signatures: Readonly<Record<Exclude<keyof LibC, 'errnoLocation' | 'epoll_pwait2'>, string>> = {
  socket: 'int socket(int, int, int)',
  connect: 'int connect(int, size_t, uint32_t)',
  bind: 'int bind(int, size_t, uint32_t)',
  listen: 'int listen(int, int)',
  accept4: 'int accept4(int, size_t, size_t, int)',
  getsockname: 'int getsockname(int, size_t, size_t)',
  getsockopt: 'int getsockopt(int, int, int, size_t, size_t)',
  setsockopt: 'int setsockopt(int, int, int, size_t, uint32_t)',
  send: 'int64_t send(int, size_t, size_t, int)',
  recv: 'int64_t recv(int, size_t, size_t, int)',
  shutdown: 'int shutdown(int, int)',
  close: 'int close(int)',
  epoll_create1: 'int epoll_create1(int)',
  epoll_ctl: 'int epoll_ctl(int, int, int, size_t)',
  epoll_wait: 'int epoll_wait(int, size_t, int, int)',
  eventfd: 'int eventfd(uint32_t, int)',
  read: 'int64_t read(int, size_t, size_t)',
  write: 'int64_t write(int, size_t, size_t)',
  ioctl: 'int ioctl(int, size_t, size_t)',
  getrlimit: 'int getrlimit(int, size_t)',
  setrlimit: 'int setrlimit(int, size_t)',
  prctl: 'int prctl(int, size_t, size_t, size_t, size_t)',
  syscall: 'int64_t syscall(int64_t, size_t, size_t, size_t)',
  calloc: 'size_t calloc(size_t, size_t)',
  free: 'void free(size_t)',
};

let loaded: NativeResult | undefined;

/** The C library of this process, or why there is none. Loaded at first use; the answer does not change afterwards. */
export function loadNative(): NativeResult {
  loaded ??= tryLoad();
  return loaded;
}

/** The C library, for code that runs only after `loadNative()` said ok. */
export function requireNative(): Native {
  const result = loadNative();
  if (!result.ok) throw new Error(result.reason);
  return result.native;
}

function tryLoad(): NativeResult {
  if (process.env['CONNBENCH_NO_FFI'] === '1')
    return { ok: false, reason: 'FFI is switched off by CONNBENCH_NO_FFI=1' };
  if (process.platform !== 'linux') return { ok: false, reason: `FFI sockets need Linux; this is ${process.platform}` };
  if (process.arch !== 'x64' && process.arch !== 'arm64') {
    return { ok: false, reason: `FFI struct layouts are known for x64 and arm64; this is ${process.arch}` };
  }
  let koffi: Koffi;
  try {
    koffi = createRequire(import.meta.url)('koffi') as Koffi;
  } catch (error) {
    return { ok: false, reason: `koffi does not load here: ${(error as Error).message.split('\n')[0] ?? ''}` };
  }
  const library = koffi.load(null);
  const calls: Record<string, unknown> = {};
  for (const [name, signature] of Object.entries(signatures)) calls[name] = library.func(signature);
  calls['epoll_pwait2'] = optional(library, 'int epoll_pwait2(int, size_t, int, size_t, size_t)');
  calls['errnoLocation'] = library.func('size_t __errno_location()');
  const libc = calls as unknown as LibC;
  const view = (address: number, bytes: number): ArrayBuffer => koffi.view(BigInt(address), bytes);
  const errnoView = new Int32Array(view(libc.errnoLocation(), 4));
  const declare = (signature: string): unknown => library.func(signature);
  return { ok: true, native: { libc, view, errno: () => errnoView[0]!, sleepUntil: sleeper(library), declare } };
}

const CLOCK_MONOTONIC = 1;
const TIMER_ABSTIME = 1;

function sleeper(library: KoffiLibrary): Native['sleepUntil'] {
  const call = library.func('int clock_nanosleep(int, int, size_t, size_t)') as AsyncCall;
  return (timespec, callback) => {
    call.async(CLOCK_MONOTONIC, TIMER_ABSTIME, timespec, 0, callback);
  };
}

function optional(library: KoffiLibrary, signature: string): unknown {
  try {
    return library.func(signature);
  } catch {
    return null;
  }
}
