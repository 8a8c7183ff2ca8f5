/** The seeded plan of a known-truth server: how long it works on each request, in the order in which they arrive. */

/** Times are ns. */
export type Service =
  | { readonly kind: 'constant'; readonly serviceNs: number }
  | { readonly kind: 'lognormal'; readonly medianNs: number; readonly sigma: number }
  /** One request of every `oneIn` in a row is slow, at a random place in the row: the share is exact, no period is. */
  | { readonly kind: 'one-slow'; readonly serviceNs: number; readonly slowNs: number; readonly oneIn: number };

/** A function that gives the service time of the next request, ns. The same seed (32 bits) gives the same times. */
export function serviceTimes(service: Service, seed: number): () => number {
  const unit = randomUnits(seed);
  switch (service.kind) {
    case 'constant':
      return () => service.serviceNs;
    case 'lognormal':
      return () => service.medianNs * Math.exp(service.sigma * normal(unit));
    case 'one-slow': {
      const { serviceNs, slowNs, oneIn } = service;
      let place = 0;
      let slowPlace = 0;
      return () => {
        if (place === 0) slowPlace = Math.floor(unit() * oneIn);
        const isSlow = place === slowPlace;
        place = (place + 1) % oneIn;
        return isSlow ? slowNs : serviceNs;
      };
    }
  }
}

/** Normal with mean 0 and standard deviation 1 (Box & Muller 1958). */
function normal(unit: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - unit())) * Math.cos(2 * Math.PI * unit());
}

/**
 * Uniform in [0, 1): a counter mixed by the finaliser of MurmurHash3 (Appleby, public domain). Not the generator of src/load, so that
 * the truth shares no code with what it judges.
 */
function randomUnits(seed: number): () => number {
  let counter = seed | 0;
  return () => {
    counter = (counter + 0x9e3779b9) | 0;
    let mixed = counter ^ (counter >>> 16);
    mixed = Math.imul(mixed, 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
  };
}
