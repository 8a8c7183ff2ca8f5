/** Counts from what HAProxy answers to `show stat`: a line of names, then one for each frontend, server and backend (CSV). Pure. */

export interface HaproxyCounts {
  /** Connections that clients opened. */
  readonly accepted: number;
  /** Of these, open now. */
  readonly open: number;
  readonly received: number;
  /** Times that a request was sent on, or tried, again included. */
  readonly tried: number;
  readonly retries: number;
}

/** Null where one of them is missing. The names are those of `haproxy-config.ts`. */
export function readHaproxyStats(text: string): HaproxyCounts | null {
  const [head = '', ...lines] = text.split('\n').map((line) => line.split(','));
  const names = head === '' ? [] : head.map((name) => name.replace(/^# /, ''));
  const figure = (proxy: string, part: string, name: string): number | null => {
    const cell = lines.find((line) => line[0] === proxy && line[1] === part)?.[names.indexOf(name)] ?? '';
    return /^\d+$/.test(cell) ? Number(cell) : null;
  };
  const accepted = figure('clients', 'FRONTEND', 'conn_tot');
  const open = figure('clients', 'FRONTEND', 'scur');
  const received = figure('clients', 'FRONTEND', 'req_tot');
  const requests = figure('next', 'BACKEND', 'stot');
  // Sessions of the server: one for each attempt. `wretr` counts some retries twice.
  const tried = figure('next', 'next', 'stot');
  if (accepted === null || open === null || received === null || tried === null || requests === null) return null;
  return { accepted, open, received, tried, retries: tried - requests };
}
