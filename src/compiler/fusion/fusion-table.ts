/**
 * The table of DNNFusion (Niu et al., PLDI 2021, table 3): for two mapping types, the first feeding the second, whether
 * their operators may become one and what the fused operator's mapping type is. Data only; 23 of 25 cells are legal.
 */
import type { MappingType } from "../../graph/ops/row.ts";

/** green: fuse. yellow: legal, a cost decides. red: do not fuse. */
export type Colour = "green" | "yellow" | "red";

export type FusionCell =
  | { readonly colour: "green" | "yellow"; readonly fused: MappingType }
  | { readonly colour: "red" };

/** The mapping types from simple to complex: an operator with several inputs has the most complex of theirs. */
export const mappingTypes: readonly MappingType[] = [
  "one-to-one",
  "reorganize",
  "shuffle",
  "one-to-many",
  "many-to-many",
];

const green = (fused: MappingType): FusionCell => ({ colour: "green", fused });
const yellow = (fused: MappingType): FusionCell => ({ colour: "yellow", fused });
const red: FusionCell = { colour: "red" };

type Row = Readonly<Record<MappingType, FusionCell>>;

/** First operator -> second operator -> what becomes of the two. */
export const fusionTable: Readonly<Record<MappingType, Row>> = {
  "one-to-one": {
    "one-to-one": green("one-to-one"),
    "one-to-many": green("one-to-many"),
    "many-to-many": green("many-to-many"),
    reorganize: green("reorganize"),
    shuffle: green("shuffle"),
  },
  "one-to-many": {
    "one-to-one": green("one-to-many"),
    "one-to-many": yellow("one-to-many"),
    // A convolution or a matrix product wants to read its operand contiguously.
    "many-to-many": red,
    reorganize: yellow("one-to-many"),
    shuffle: yellow("one-to-many"),
  },
  "many-to-many": {
    "one-to-one": green("many-to-many"),
    "one-to-many": yellow("many-to-many"),
    // Two reductions in one loop press on registers and caches.
    "many-to-many": red,
    reorganize: yellow("many-to-many"),
    shuffle: yellow("many-to-many"),
  },
  reorganize: {
    "one-to-one": green("reorganize"),
    "one-to-many": yellow("one-to-many"),
    "many-to-many": yellow("many-to-many"),
    reorganize: green("reorganize"),
    shuffle: green("reorganize"),
  },
  shuffle: {
    "one-to-one": green("shuffle"),
    "one-to-many": yellow("one-to-many"),
    "many-to-many": yellow("many-to-many"),
    reorganize: green("reorganize"),
    shuffle: green("shuffle"),
  },
};

/** The cell of two mapping types. */
export function fusionCell(first: MappingType, second: MappingType): FusionCell {
  return fusionTable[first][second];
}

/** The more complex of two mapping types. */
export function moreComplex(a: MappingType, b: MappingType): MappingType {
  return mappingTypes.indexOf(a) >= mappingTypes.indexOf(b) ? a : b;
}
