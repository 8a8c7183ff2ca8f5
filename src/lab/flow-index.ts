/**
 * Gives every flow (a client's address and port, and a server port) a place in typed arrays, in bounded memory. Pure. Hot: no allocation per packet.
 *
 * Open addressing with linear probing. A place is never emptied, so a search may end at the first empty one. Where a flow finds its
 * whole window taken, the flow of that window that was looked up longest ago gives way: a flow of a second ago is safe as long as the
 * flows alive at once are few beside the places.
 */

/** 2^18 places: four times all the client ports of one server port. */
const defaultPlacesLog2 = 18;
/** Places that one flow may take. */
const windowPlaces = 32;

export class FlowIndex {
  /** How many places there are: the length of the arrays beside this one. */
  readonly places: number;
  readonly #mask: number;
  readonly #shift: number;
  /** Both ports of each place's flow, and the low half of its client's address: clients are of one network of so many. */
  readonly #ports: Int32Array;
  readonly #clients: Uint16Array;
  /** When each place was looked up last, in look-ups; 0: the place is empty. */
  readonly #used: Uint32Array;
  #lookups = 0;

  constructor(placesLog2 = defaultPlacesLog2) {
    this.places = 2 ** placesLog2;
    this.#mask = this.places - 1;
    this.#shift = 32 - placesLog2;
    this.#ports = new Int32Array(this.places);
    this.#clients = new Uint16Array(this.places);
    this.#used = new Uint32Array(this.places);
  }

  /** The place of a known flow; -1 for one that is not known. `client`: the low 16 bits of its address. */
  find(client: number, clientPort: number, serverPort: number): number {
    const ports = (clientPort << 16) | serverPort;
    const start = this.#start(client, ports);
    for (let step = 0; step < windowPlaces; step++) {
      const place = (start + step) & this.#mask;
      if (this.#used[place] === 0) return -1;
      if (this.#ports[place] === ports && this.#clients[place] === client) {
        this.#touch(place);
        return place;
      }
    }
    return -1;
  }

  /** A place for a flow that `find` does not know. What the caller keeps there may be of another flow, which is forgotten by this. */
  claim(client: number, clientPort: number, serverPort: number): number {
    const ports = (clientPort << 16) | serverPort;
    const start = this.#start(client, ports);
    let best = start & this.#mask;
    for (let step = 0; step < windowPlaces; step++) {
      const place = (start + step) & this.#mask;
      if (this.#used[place]! < this.#used[best]!) best = place;
      if (this.#used[place] === 0) break;
    }
    this.#ports[best] = ports;
    this.#clients[best] = client;
    this.#touch(best);
    return best;
  }

  /** Fibonacci hashing: the high bits of a product depend on every bit of the key. Addresses are a whole number of steps apart. */
  #start(client: number, ports: number): number {
    return Math.imul(ports ^ Math.imul(client, 0x85ebca6b), 0x9e3779b1) >>> this.#shift;
  }

  #touch(place: number): void {
    // After 2^32 - 1 look-ups the count stays there: the order of age is lost, not the flows.
    if (this.#lookups < 0xffffffff) this.#lookups++;
    this.#used[place] = this.#lookups;
  }
}
