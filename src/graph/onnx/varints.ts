/**
 * Packed varints (protocol buffers encoding specification), unpacked without an object for each number: weights of
 * quantised networks come this way, millions at a time.
 */

import { badInput } from "../../base/errors.ts";
import { type Place, placeText } from "./place.ts";

/** How many numbers the bytes hold. */
export function countVarints(packed: Uint8Array): number {
  let count = 0;
  for (const byte of packed) if (byte < 0x80) count++;
  return count;
}

/** Calls `visit` with each number as its two 32-bit halves, low first. Throws bad-input for a broken one. */
export function visitVarints(
  packed: Uint8Array,
  where: Place,
  visit: (low: number, high: number, index: number) => void,
): void {
  let [low, high, shift, index] = [0, 0, 0, 0];
  for (const byte of packed) {
    if (shift < 28) low |= (byte & 127) << shift;
    else if (shift === 28) {
      low |= (byte & 127) << 28;
      high = (byte & 127) >> 4;
    } else high |= (byte & 127) << (shift - 32);
    shift += 7;
    if (byte < 0x80) {
      visit(low >>> 0, high >>> 0, index++);
      [low, high, shift] = [0, 0, 0];
    } else if (shift === 70) throw brokenNumber(where);
  }
  if (shift !== 0) throw brokenNumber(where);
}

/** The numbers as signed 64-bit integers; for lists that are short. */
export function unpackVarints(packed: Uint8Array | undefined, where: Place): readonly bigint[] {
  const values: bigint[] = [];
  visitVarints(packed ?? new Uint8Array(0), where, (low, high) => {
    // Nearly every one is small; the general form costs two more allocations.
    if (high === 0) values.push(BigInt(low));
    else values.push((BigInt(high | 0) << 32n) | BigInt(low));
  });
  return values;
}

function brokenNumber(where: Place): Error {
  return badInput("a list of numbers ends within a number", {
    where: placeText(where),
    fix: "the file may be truncated or damaged: fetch or export it again",
  });
}
