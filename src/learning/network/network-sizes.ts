/**
 * What a decision transformer is made of (DNNFuser, sections 4.3 and 5.1): its sizes, and from them the names, shapes and first
 * values of its parameters. Training, weights files and inference all go by these names. Linear layers are [from, to], as
 * MatMul reads them.
 */
import { z } from "zod";
import { product } from "../../base/integers.ts";
import { normalDraw } from "../../base/normal.ts";
import { seededRandom } from "../../base/random.ts";
import { actionWidth, type FeatureSchema } from "../environment/schema.ts";

const size = z.int().positive().max(65_536);

/**
 * What a sequence is that the network goes through: all layers of a network, as in the paper, or the layers of one group, each group
 * being a sequence of its own. What a group costs and holds does not hang on those before it, so their best decisions do not
 * either; and a network that remembers them goes on with what it did there, where something else is right by now.
 */
export const sequenceNames = ["network", "group"] as const;
export type SequenceName = (typeof sequenceNames)[number];

export const networkSizesSchema = z
  .strictObject({
    /** Time steps that have an embedding; of a longer sequence parts are remembered. */
    steps: size,
    blocks: size,
    heads: size,
    width: size,
    /** Of all layers, unless given. */
    sequence: z.exactOptional(z.enum(sequenceNames)),
  })
  .refine(({ heads, width }) => width % heads === 0, "the width is no multiple of the heads");

export type NetworkSizes = Readonly<z.infer<typeof networkSizesSchema>>;

/** DNNFuser's (section 5.1); its 171 tokens are 57 steps. */
export const paperSizes: NetworkSizes = { steps: 57, blocks: 3, heads: 2, width: 128 };

/** The hidden layer of a block, as a multiple of the width. */
export const hiddenFactor = 4;

/** Names and shapes of all parameters, in the order of the forward pass. */
export function parameterShapes(
  { steps, blocks, width }: NetworkSizes,
  schema: FeatureSchema,
): ReadonlyMap<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  const linear = (name: string, from: number, to: number): void => {
    shapes.set(`${name}.weight`, [from, to]);
    shapes.set(`${name}.bias`, [to]);
  };
  const normalization = (name: string): void => {
    shapes.set(`${name}.scale`, [width]);
    shapes.set(`${name}.bias`, [width]);
  };
  shapes.set("times", [steps, width]);
  linear("returns.embedding", 1, width);
  linear("states.embedding", schema.state.length, width);
  linear("actions.embedding", actionWidth(schema), width);
  normalization("embedded");
  for (let block = 0; block < blocks; block++) {
    normalization(`block${block}.norm1`);
    for (const part of ["query", "key", "value", "projected"])
      linear(`block${block}.attention.${part}`, width, width);
    normalization(`block${block}.norm2`);
    linear(`block${block}.hidden`, width, hiddenFactor * width);
    linear(`block${block}.back`, hiddenFactor * width, width);
  }
  normalization("normalized");
  linear("head", width, actionWidth(schema));
  return shapes;
}

/** The spread of first weights, as in GPT-2 and the Decision Transformer. */
const firstDeviation = 0.02;

/** Parameters before training: weights normal with deviation 0.02, biases 0, scales 1. */
export function firstParameters(
  sizes: NetworkSizes,
  schema: FeatureSchema,
  seed: number,
): ReadonlyMap<string, Float32Array> {
  const random = seededRandom(seed);
  // The first numbers of neighbouring seeds are near each other.
  for (let skipped = 0; skipped < 16; skipped++) random.uniform();
  return new Map(
    [...parameterShapes(sizes, schema)].map(([name, shape]) => {
      const elements = new Float32Array(product(shape));
      if (name.endsWith(".scale")) elements.fill(1);
      else if (!name.endsWith(".bias"))
        for (let at = 0; at < elements.length; at++) elements[at] = firstDeviation * normalDraw(random);
      return [name, elements];
    }),
  );
}
