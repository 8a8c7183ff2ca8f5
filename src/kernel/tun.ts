/** TUN devices: network interfaces whose packets a program reads and writes (Linux Documentation/networking/tuntap.rst). */
import { constants, closeSync, openSync } from 'node:fs';
import { errnoName } from './errno.ts';
import { allocateNative, freeNative } from './memory.ts';
import { loadNative } from './native.ts';

export const tunPath = '/dev/net/tun';

/** `struct ifreq`: the name in 16 bytes, then a union whose largest member makes it 40 bytes on 64-bit systems. */
const ifreqBytes = 40;
const nameBytes = 16;
/** `_IOW('T', 202, int)`, the same on x86-64 and arm64. */
const TUNSETIFF = 0x400454ca;
const IFF_TUN = 0x0001;
const IFF_NO_PI = 0x1000;

export interface TunDevice {
  /** Non-blocking and close-on-exec. One packet per read and write. The device goes when this is closed. */
  readonly fd: number;
  readonly name: string;
}

export type TunResult =
  | { readonly ok: true; readonly device: TunDevice }
  /** `code`: the errno's name, or ENOFFI. `message`: what failed and what helps, in a sentence or two. */
  | { readonly ok: false; readonly code: string; readonly message: string };

/**
 * Makes a TUN device in the network namespace of this process, without packet information (IFF_NO_PI). A `%d` in the name becomes the
 * first free number. The device is down and has no address. Throws a RangeError for a name of more than 15 bytes.
 */
export function openTun(name: string): TunResult {
  if (name === '' || Buffer.byteLength(name) >= nameBytes) {
    throw new RangeError(`a device name has 1 to ${nameBytes - 1} bytes: ${name}`);
  }
  const loaded = loadNative();
  if (!loaded.ok) return { ok: false, code: 'ENOFFI', message: `TUN devices need native calls: ${loaded.reason}.` };
  const { libc, errno } = loaded.native;
  let fd: number;
  try {
    fd = openSync(tunPath, constants.O_RDWR | constants.O_NONBLOCK); // Node adds O_CLOEXEC.
  } catch (error) {
    return failure('open', (error as NodeJS.ErrnoException).code ?? 'EUNKNOWN');
  }
  const request = allocateNative(ifreqBytes);
  try {
    request.bytes.set(Buffer.from(name));
    request.view.setUint16(nameBytes, IFF_TUN | IFF_NO_PI, true);
    if (libc.ioctl(fd, TUNSETIFF, request.address) < 0) {
      const code = errnoName(errno());
      closeSync(fd);
      return failure('attach', code);
    }
    const given = Buffer.from(request.bytes.subarray(0, request.bytes.indexOf(0))).toString();
    return { ok: true, device: { fd, name: given } };
  } finally {
    freeNative(request);
  }
}

function failure(step: 'open' | 'attach', code: string): TunResult {
  const what = step === 'open' ? `${tunPath} cannot be opened` : `${tunPath} makes no device`;
  const why = (step === 'open' ? openReasons : attachReasons)[code] ?? 'an error that was not expected here';
  return { ok: false, code, message: `${what}: ${code}, ${why}.` };
}

const openReasons: Readonly<Record<string, string>> = {
  EACCES: 'this user may not open it (chmod 0666 /dev/net/tun, the usual default, or run as root)',
  EPERM: 'this environment forbids it (a container needs --device /dev/net/tun)',
  ENOENT: 'there is no such file (modprobe tun; a container needs --device /dev/net/tun)',
  ENODEV: 'the kernel has no TUN driver (modprobe tun)',
  ENXIO: 'the kernel has no TUN driver (modprobe tun)',
  EMFILE: 'this process has no file descriptor left (ulimit -n)',
};

const attachReasons: Readonly<Record<string, string>> = {
  EPERM:
    'this process has no CAP_NET_ADMIN in its network namespace (run as root, or in a namespace made by unshare -Urn)',
  EBUSY: 'a device of that name is in use',
  EINVAL: 'the name is not valid, or belongs to a device of another kind',
};
