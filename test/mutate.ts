/** Damages files: what disks, downloads and malice do to them. */
import type { RandomSource } from "../src/base/random.ts";
import { mutateFields } from "./mutate-fields.ts";

type Mutation = (bytes: Uint8Array, random: RandomSource) => Uint8Array;

/** One to four damages of random kinds, to the bytes or to the fields; the file itself is not touched. */
export function mutate(bytes: Uint8Array, random: RandomSource): Uint8Array {
  return random.below(3) === 0 ? mutateBytes(bytes, random) : mutateStructure(bytes, random);
}

function mutateStructure(bytes: Uint8Array, random: RandomSource): Uint8Array {
  let mutated = bytes;
  for (let rounds = 1 + random.below(3); rounds > 0; rounds--) mutated = mutateFields(mutated, random);
  return mutated;
}

function mutateBytes(bytes: Uint8Array, random: RandomSource): Uint8Array {
  let mutated = bytes;
  for (let rounds = 1 + random.below(4); rounds > 0; rounds--) {
    mutated = (mutations[random.below(mutations.length)] ?? flipBits)(mutated, random);
  }
  return mutated;
}

const flipBits: Mutation = (bytes, random) => {
  const copy = bytes.slice();
  for (let flips = 1 + random.below(8); flips > 0 && copy.length > 0; flips--) {
    const at = random.below(copy.length);
    copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8));
  }
  return copy;
};

const truncate: Mutation = (bytes, random) => bytes.slice(0, random.below(bytes.length + 1));

/** A stretch of the file repeated somewhere else: duplicate names, nodes, nested graphs. */
const splice: Mutation = (bytes, random) => {
  const from = random.below(bytes.length + 1);
  const length = random.below(Math.min(600, bytes.length - from + 1));
  const to = random.below(bytes.length + 1);
  return join(bytes.subarray(0, to), bytes.subarray(from, from + length), bytes.subarray(to));
};

const remove: Mutation = (bytes, random) => {
  const from = random.below(bytes.length + 1);
  return join(bytes.subarray(0, from), bytes.subarray(from + random.below(40)));
};

/** A varint that stands for a huge, a negative or an endless number. */
const insertVarint: Mutation = (bytes, random) => {
  const at = random.below(bytes.length + 1);
  return join(bytes.subarray(0, at), varints[random.below(varints.length)] ?? bytes, bytes.subarray(at));
};

const overwriteVarint: Mutation = (bytes, random) => {
  const at = random.below(bytes.length + 1);
  const varint = varints[random.below(varints.length)] ?? bytes;
  return join(bytes.subarray(0, at), varint, bytes.subarray(at + varint.length));
};

/** Sets a byte that may be a length to a larger one. */
const growLength: Mutation = (bytes, random) => {
  const copy = bytes.slice();
  const at = random.below(copy.length + 1);
  if (at < copy.length) copy[at] = Math.min(127, (copy[at] ?? 0) + 1 + random.below(100));
  return copy;
};

const randomBytes: Mutation = (bytes, random) => {
  const at = random.below(bytes.length + 1);
  const noise = Uint8Array.from({ length: 1 + random.below(32) }, () => random.below(256));
  return join(bytes.subarray(0, at), noise, bytes.subarray(at + (random.below(2) === 0 ? 0 : noise.length)));
};

const varints: readonly Uint8Array[] = [
  Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f),
  Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x07),
  Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01),
  Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f),
  Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
  Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x04),
  Uint8Array.of(0),
];

const mutations: readonly Mutation[] = [
  flipBits,
  flipBits,
  truncate,
  splice,
  remove,
  insertVarint,
  overwriteVarint,
  growLength,
  growLength,
  randomBytes,
];

function join(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
