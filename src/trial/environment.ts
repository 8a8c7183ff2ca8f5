/** Brings the fingerprint of the machine into the form of a result file, and reads from it the limits that a trial can run into. */
import type { Environment } from '../results/run-plan.ts';
import type { Environment as MachineEnvironment } from '../samplers/environment.ts';
import type { HostLimits } from './evidence.ts';

export function recordedEnvironment(machine: MachineEnvironment): Environment {
  const { runtime, system, cpu, memory, openFilesLimit, libraries } = machine;
  const { node, v8, libuv, openssl, undici } = runtime;
  return {
    node,
    v8,
    kernel: system.kernelRelease,
    os: system.distribution ?? system.platform,
    arch: system.arch,
    cpuModel: cpu.model,
    cores: cpu.availableCores,
    governor: cpu.governor,
    virtualisation: cpu.virtualisation ?? cpu.container,
    memoryBytes: memory.totalBytes,
    congestionControl: machine.congestionControl,
    sysctls: machine.sysctls,
    nofile: openFilesLimit ?? { soft: null, hard: null },
    libraries: { ...libraries, libuv, openssl, undici },
  };
}

/** Node raises its soft limit of open files to the hard one when it starts, and its children inherit that. */
export function hostLimits(machine: MachineEnvironment): HostLimits {
  const soft = machine.openFilesLimit?.soft ?? null;
  return {
    openFiles: typeof soft === 'number' ? soft : null,
    ephemeralPorts: portCount(machine.sysctls['net.ipv4.ip_local_port_range']),
  };
}

/** `32768 60999` are 28,232 ports, both ends included (Documentation/networking/ip-sysctl.rst). */
export function portCount(range: string | null): number | null {
  const match = /^(\d+) (\d+)$/.exec(range ?? '');
  return match === null ? null : Number(match[2]) - Number(match[1]) + 1;
}
