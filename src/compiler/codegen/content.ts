/**
 * Bytes that are made where they are wanted, and no sooner: weights are packed on their way into the memory or a file, so
 * that a large network is not held twice while it is compiled.
 */
export interface Content {
  readonly byteLength: number;
  /** Writes them into an array of that length. It is zero before, and begins at a multiple of 8 bytes in its buffer. */
  writeTo(target: Uint8Array): void;
}

/** Bytes that are there already. */
export function contentOf(bytes: Uint8Array): Content {
  return { byteLength: bytes.length, writeTo: (target) => target.set(bytes) };
}

/** Floats that a function writes. */
export function floatContent(floats: number, write: (target: Float32Array) => void): Content {
  return {
    byteLength: 4 * floats,
    writeTo: ({ buffer, byteOffset }) => write(new Float32Array(buffer, byteOffset, floats)),
  };
}

/** The bytes in an array of their own. */
export function bytesOfContent(content: Content): Uint8Array {
  const bytes = new Uint8Array(content.byteLength);
  content.writeTo(bytes);
  return bytes;
}
