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

/** A thread that runs a script of ours. */
export interface HostThread {
  /** Fulfilled by the script's first reply, rejected if the thread cannot start or dies before. */
  readonly started: Promise<void>;
  /** Ends it wherever it is. */
  stop(): void;
}

/**
 * Starts a thread. The script is the text of a function `(message, reply) => void`; the message reaches it as a
 * structured clone, so memory may be shared and compiled modules handed on. An idle thread keeps no process alive.
 */
export type StartThread = (script: string, message: unknown) => HostThread;

/**
 * Fills the target with the start of a named file, and says how many bytes the file has. Throws what it likes when
 * there is no such file.
 */
export type ReadInto = (name: string, target: Uint8Array) => Promise<number>;
