/** Joins stretches of a byte string that lie apart. Amortised O(bytes). */

export class ByteCollector {
  #bytes: Uint8Array;
  #length = 0;

  constructor(first: Uint8Array) {
    this.#bytes = new Uint8Array(Math.max(64, first.length * 2));
    this.add(first, 0, first.length);
  }

  /** Adds the bytes of source from start to before end. */
  add(source: Uint8Array, start: number, end: number): void {
    const length = this.#length + end - start;
    if (length > this.#bytes.length) {
      const larger = new Uint8Array(length * 2);
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    // A number is a few bytes: a view of it would cost more than the loop.
    for (let at = start; at < end; at++) this.#bytes[this.#length++] = source[at] ?? 0;
  }

  /** What was added so far, joined. */
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}
