/** Starts the hop that a scenario asks for, whichever kind it is. */
import type { HopConfig } from '../scenario/hop-config.ts';
import { startOwnHop } from './child.ts';
import { startHaproxy } from './haproxy.ts';
import type { HopHandle, StartHopOptions } from './hop-handle.ts';
import { startNginx } from './nginx.ts';

/** Rejects with a HopError; then no process is left behind. */
export function startHop(config: HopConfig, options: StartHopOptions): Promise<HopHandle> {
  switch (config.kind) {
    case 'nginx':
      return startNginx(config, options);
    case 'haproxy':
      return startHaproxy(config, options);
    case 'reverse-proxy':
      return startOwnHop({ ...config, kind: config.kind }, options);
    default:
      return startOwnHop(config, options);
  }
}
