/**
 * Bytes that are made where they are wanted, and no sooner: weights are packed on their way into the memory or a file, so
 * that a large network is not held twice while it is compiled.
 */
import { freshRoom, type Room } from "../../graph/ir/materialize.ts";

export interface Content {
  readonly byteLength: number;
  /**
   * Writes them into an array of that length. It is zero before, and begins at a multiple of 8 bytes in its buffer. What has
   * to be made on the way is made in the room, which is fresh memory, unless given.
   */
  writeTo(target: Uint8Array, room?: Room): void;
}

/** Bytes that are there already. */
export function contentOf(bytes: Uint8Array): Content {
  return { byteLength: bytes.length, writeTo: (target) => target.set(bytes) };
}

/** Floats that a function writes. */
export function floatContent(floats: number, write: (target: Float32Array, room: Room) => void): Content {
  return {
    byteLength: 4 * floats,
    writeTo: ({ buffer, byteOffset }, room = freshRoom) =>
      write(new Float32Array(buffer, byteOffset, floats), room),
  };
}

/** The bytes in an array of their own. */
export function bytesOfContent(content: Content): Uint8Array {
  const bytes = new Uint8Array(content.byteLength);
  content.writeTo(bytes);
  return bytes;
}
