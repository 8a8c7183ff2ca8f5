/** Sets sysctls inside a host and reads each back: one shell, the values as its arguments. */
import { UserError } from '../scenario/user-error.ts';
import type { Sysctls } from '../scenario/config.ts';
import { hostName } from './hosts.ts';
import type { Side } from './messages.ts';
import { runProgram } from './system-programs.ts';

/**
 * Arguments: pairs of file and value. Prints what each file holds after it was written, one line each; at the first refusal it ends, and
 * the kernel's reason is on standard error. The shell's own printf hides that reason, so a refused value is written again by cat.
 */
const script = `
while [ $# -gt 0 ]; do
  file=/proc/sys/$1
  if ! [ -e "$file" ]; then echo "unknown to this kernel, or not a setting of a host" >&2; exit 1; fi
  if ! { printf '%s\\n' "$2" >"$file"; } 2>/dev/null; then printf '%s\\n' "$2" | cat >"$file"; exit 1; fi
  cat "$file" || exit 1
  shift 2
done`;

/** Sets all of them in order. Rejects with a UserError that names the sysctl, the host and the kernel's reason. */
export async function applySysctls(
  side: Side,
  launcher: readonly string[],
  sysctls: Sysctls,
  deadlineMs: number,
): Promise<void> {
  const wanted = Object.entries(sysctls);
  if (wanted.length === 0) return;
  const pairs = wanted.flatMap(([name, value]) => [fileOf(side, name), value]);
  const result = await runProgram([...launcher, '-c', script, 'sh', ...pairs], deadlineMs);
  const held = result.stdout.split('\n').slice(0, -1);
  wanted.forEach(([name, value], index) => {
    const now = held[index];
    if (now === undefined) throw refusal(side, name, value, lastPart(result.reason));
    if (!isSame(value, now)) throw refusal(side, name, value, `the kernel made it ${JSON.stringify(plain(now))}`);
  });
}

/** `net.ipv4.tcp_tw_reuse` -> `net/ipv4/tcp_tw_reuse`. Only settings that belong to a network namespace may be touched. */
function fileOf(side: Side, name: string): string {
  if (!/^net\.(ipv4|core)(\.[\w-]+)+$/.test(name))
    throw refusal(side, name, null, 'only net.ipv4 and net.core can be set');
  return name.replaceAll('.', '/');
}

function refusal(side: Side, name: string, value: string | null, reason: string): UserError {
  const setting = value === null ? name : `${name} = ${JSON.stringify(value)}`;
  return new UserError(
    'SYSCTL_REFUSED',
    `sysctl ${setting} was refused on ${hostName(side)}: ${reason}`,
    `Take it out of network.sysctls.${side}, or give a value that this kernel accepts.`,
  );
}

/** `cat: write error: Invalid argument` -> `Invalid argument`. */
const lastPart = (text: string): string => text.slice(text.lastIndexOf(': ') + 1).trim();

const plain = (text: string): string => text.trim().split(/\s+/).join(' ');

/** The kernel separates by tabs and drops leading zeros. */
function isSame(wanted: string, held: string): boolean {
  const normal = (text: string): string =>
    plain(text)
      .split(' ')
      .map((word) => (/^-?\d+$/.test(word) ? String(BigInt(word)) : word))
      .join(' ');
  return normal(wanted) === normal(held);
}
