/** MurmurHash3 (x86, 32 bits, Appleby 2011): finds truncated and mixed-up files at some GB a second, not forged ones. */

/** The hash of the bytes, seed 0; O(bytes). */
export function checksum(bytes: Uint8Array): number {
  const whole = bytes.length >>> 2;
  const isAligned = bytes.byteOffset % 4 === 0;
  const body = isAligned ? bytes : bytes.slice();
  const words = new Uint32Array(body.buffer, body.byteOffset, whole);
  let hash = 0;
  for (let index = 0; index < whole; index++) {
    hash ^= scrambled(words[index] ?? 0);
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  for (let index = bytes.length - 1; index >= whole * 4; index--) tail = (tail << 8) | (bytes[index] ?? 0);
  hash ^= scrambled(tail) ^ bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function scrambled(word: number): number {
  const mixed = Math.imul(word, 0xcc9e2d51);
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
}
