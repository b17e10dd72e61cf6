/**
 * The state of DNNFuser (section 4.2, equation 2): [K, C, Y, X, R, S, memory / batch, performance so far], and its action,
 * one number. The paper gives no constants. Here sizes are told by their logarithms, as they span orders of magnitude; the
 * memory so that the paper's 16 to 64 MB at batch 64 are -0.03 to 0.97; the performance as a share of the unfused cost,
 * 1 before anything is decided.
 *
 * The action is the pass size as a share of the batch, in (0, 1], and -1 for sync, which lies outside of all shares. An
 * answer below the middle between -1 and the smallest share is a sync.
 */
import type { Feature, FeatureSchema } from "./schema.ts";

const log2 = (name: string, divisor: number, offset = 0): Feature => ({
  name,
  scale: "log2",
  offset,
  divisor,
});

const memoryPerImage = log2("memoryPerImage", 2, 18);

export const paperSchema: FeatureSchema = {
  name: "paper",
  version: 1,
  state: [
    log2("K", 12),
    log2("C", 12),
    log2("Y", 8),
    log2("X", 8),
    log2("R", 3),
    log2("S", 3),
    memoryPerImage,
    { name: "performance", scale: "linear", offset: 0, divisor: 1 },
  ],
  returnToGo: memoryPerImage,
  action: { kind: "share", sync: -1 },
};
