type Send = () => void;

interface Place {
  send: Send | undefined;
}

/**
 * Answers to global requests leave in the order in which the requests came (RFC 4254 section 4), whatever order they
 * are decided in.
 */
export class ReplyQueue {
  readonly #places: Place[] = [];

  get length(): number {
    return this.#places.length;
  }

  /** Takes a place for a request that wants a reply; the answer is sent when it and all before it are given. */
  reserve(): (send: Send) => void {
    const place: Place = { send: undefined };
    this.#places.push(place);
    return (send) => {
      if (place.send !== undefined) return;
      place.send = send;
      this.#flush();
    };
  }

  #flush(): void {
    for (let first = this.#places[0]; first?.send !== undefined; first = this.#places[0]) {
      this.#places.shift();
      first.send();
    }
  }
}
