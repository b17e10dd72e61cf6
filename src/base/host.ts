/**
 * What the library needs from the machine it runs on. The library itself touches neither Node nor the DOM;
 * src/host implements these for Node, a browser page passes its own.
 */

/** Reads whole files; the names are relative to one folder chosen by the implementation. */
export interface FileReader {
  /** The bytes of a file, or undefined if there is none of that name. Bytes may be a view into a mapped or larger buffer. */
  read(name: string): Uint8Array | undefined;
}

/** Seconds since an arbitrary start, never going back. */
export type Clock = () => number;
