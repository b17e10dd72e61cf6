/** Joins byte strings; a single one stays the view that it was. Amortised O(bytes). */

export class ByteCollector {
  #bytes: Uint8Array = new Uint8Array(0);
  #length = 0;
  #owned = false;

  add(part: Uint8Array): void {
    if (this.#length === 0 && !this.#owned) {
      this.#bytes = part;
    } else {
      this.#reserve(this.#length + part.length);
      this.#bytes.set(part, this.#length);
    }
    this.#length += part.length;
  }

  /** What was added so far, joined. */
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(length: number): void {
    if (this.#owned && length <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(64, length * 2));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
    this.#owned = true;
  }
}
