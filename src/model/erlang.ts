/**
 * Waiting for one of c servers in order of arrival: the closed forms for Poisson arrivals, and approximations around them. Here a server
 * is a connection of a pool, and its service the time that a request holds it. Times have the unit of `serviceTime`.
 */

export interface QueueLoad {
  /** Connections: a whole number from 1. */
  readonly servers: number;
  /** Mean number that would be busy if there were enough, in erlang: arrivals per unit of time x `serviceTime`. */
  readonly offered: number;
  /** Mean. */
  readonly serviceTime: number;
}

/** Share of arrivals lost where nobody waits (Erlang 1917): B(0) = 1, B(k) = a B(k-1) / (k + a B(k-1)), which does not overflow. */
export function erlangB(servers: number, offered: number): number {
  if (!Number.isInteger(servers) || servers < 0) throw new RangeError(`${servers} servers`);
  if (!(offered >= 0 && offered < Infinity)) throw new RangeError(`${offered} erlang`);
  let blocked = 1;
  for (let k = 1; k <= servers; k++) blocked = (offered * blocked) / (k + offered * blocked);
  return blocked;
}

/** Probability that an arrival waits, C = c B / (c - a (1 - B)) (Kleinrock, Queueing Systems 1, 1975, 3.5). Throws a RangeError unless a < c. */
export function erlangC(servers: number, offered: number): number {
  if (!(offered < servers)) throw new RangeError(`${offered} erlang for ${servers} servers have no steady state`);
  const blocked = erlangB(servers, offered);
  return (servers * blocked) / (servers - offered * (1 - blocked));
}

/** Mean wait of M/M/c over all arrivals, those who do not wait included: C s / (c - a). */
export function exponentialWait({ servers, offered, serviceTime }: QueueLoad): number {
  return (erlangC(servers, offered) * serviceTime) / (servers - offered);
}

/** Quantile of the wait of M/M/c, from P(W > t) = C exp(-(c - a) t / s); 0 where fewer than 1 - p wait. */
export function exponentialWaitQuantile({ servers, offered, serviceTime }: QueueLoad, p: number): number {
  const waiting = erlangC(servers, offered);
  return waiting <= 1 - p ? 0 : (serviceTime / (servers - offered)) * Math.log(waiting / (1 - p));
}

/** Above this the correction of Cosmetatos is wrong for low utilisations (Whitt, Production and Operations Management 2, 1993). */
const mostCorrection = 0.24;

/**
 * Mean wait of M/D/c, every service equally long: exact for c = 1 (Pollaczek-Khinchine), for more by the approximation of Cosmetatos
 * (Operational Research Quarterly 26, 1975), within about 2 % from a utilisation of one half on.
 */
export function constantWait(load: QueueLoad): number {
  const { servers, offered } = load;
  const utilisation = offered / servers;
  const correction =
    offered === 0
      ? 0
      : ((1 - utilisation) * (servers - 1) * (Math.sqrt(4 + 5 * servers) - 2)) / (16 * utilisation * servers);
  return (exponentialWait(load) * (1 + Math.min(mostCorrection, correction))) / 2;
}

/**
 * Mean wait of M/G/c from the squared coefficient of variation of the service time (variance / mean squared). Up to 1: between M/D/c and
 * M/M/c in proportion to it (Tijms, Stochastic Models, 1994, 4.3), which is exact for c = 1 and else within a few per cent. Above 1: the
 * Allen-Cunneen formula, W(M/M/c) (1 + variation) / 2, usually within 10 %.
 */
export function generalWait(load: QueueLoad, variation: number): number {
  const exponential = exponentialWait(load);
  if (variation > 1) return (exponential * (1 + variation)) / 2;
  return variation * exponential + (1 - variation) * constantWait(load);
}

/**
 * Standard error of a mean over so many arrivals, as a share of it: waits near each other are alike, so that it is much larger than of
 * independent ones. sqrt(2 (1 + variation) / (n C)) / (1 - utilisation): the heavy-traffic limit for one server (Daley, Journal of the
 * Australian Mathematical Society 8, 1968; Whitt, Management Science 35, 1989), over C for lower utilisations, where fewer arrivals wait.
 */
export function meanWaitError({ servers, offered }: QueueLoad, variation: number, arrivals: number): number {
  const waiting = erlangC(servers, offered);
  return Math.sqrt((2 * (1 + variation)) / (arrivals * waiting)) / (1 - offered / servers);
}
