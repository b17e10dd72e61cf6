/** Files of compiled networks in Node. As node-threads.ts, this goes into every model.js and imports nothing of Node's. */

/** Fills the target with the start of a file, and gives the file's length. */
export async function readNodeFile(url: URL, target: Uint8Array): Promise<number> {
  const file = await process.getBuiltinModule("node:fs/promises").open(url);
  try {
    let at = 0;
    while (at < target.length) {
      // One read cannot move more than 2 GiB.
      const { bytesRead } = await file.read(target, at, Math.min(target.length - at, 2 ** 28), at);
      if (bytesRead === 0) break;
      at += bytesRead;
    }
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}
