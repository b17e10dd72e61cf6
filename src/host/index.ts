/** laminate/node: what the library needs from the machine, for Node. */
export { folderReader } from "./folder-reader.ts";
export { nodeThreads } from "./node-threads.ts";
export { readTextFile, readWholeFile } from "./read-file.ts";
export { shippedWeights } from "./shipped-weights.ts";
export { writeFileAtomically, writeFilesAtomically } from "./write-file.ts";
