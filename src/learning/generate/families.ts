/**
 * Families of generated networks, after the shapes of real ones: plain chains (VGG), residual and bottleneck blocks
 * (ResNet), inverted residuals (MobileNet, EfficientNet), branches that are concatenated (Inception), encoder and decoder
 * with skips (U-Net), and transformers (ViT, BERT). Depth, widths, filters, resolution and details are drawn.
 */
import type { RandomSource } from "../../base/random.ts";
import type { Activation, Image, NetworkBuilder, Sequence } from "../../graph/ir/network-builder.ts";
import { happens, logUniform, pick, roundChannels, wholeBetween } from "./draw.ts";

/** Adds a whole network to a builder; returns the names of its outputs. */
export type Family = (build: NetworkBuilder, random: RandomSource) => readonly string[];

const activations: readonly Activation[] = ["Relu", "Relu", "Relu", "LeakyRelu", "HardSwish", "Sigmoid"];
const classCounts = [10, 100, 365, 1000] as const;
const resolutions = [64, 96, 128, 160, 192, 224, 256] as const;

const input = (build: NetworkBuilder, random: RandomSource): Image =>
  build.imageInput(happens(random, 0.1) ? 1 : 3, pick(random, resolutions));

/** The first layers, which bring the resolution down by 2 or 4. */
function stem(build: NetworkBuilder, random: RandomSource, image: Image, channels: number): Image {
  const filter = pick(random, [3, 7]);
  const made = build.convolution(image, { channels, filter, stride: 2 });
  return happens(random, 0.6) ? build.maxPool(made, 3, 2) : made;
}

const chain: Family = (build, random) => {
  const activation = pick(random, activations);
  let image = input(build, random);
  let channels = roundChannels(logUniform(random, 16, 64));
  const stages = wholeBetween(random, 3, 5);
  for (let stage = 0; stage < stages; stage++) {
    const filter = pick(random, stage === 0 ? [3, 3, 5, 7] : [3, 3, 3, 5, 1]);
    const depth = wholeBetween(random, 1, 4);
    for (let layer = 0; layer < depth; layer++) {
      image = build.convolution(image, { channels, filter, activation });
    }
    image = build.maxPool(image, 2, 2);
    channels = Math.min(512, roundChannels(channels * pick(random, [1, 1.5, 2, 2])));
  }
  if (happens(random, 0.5)) return [build.classifier(image, pick(random, classCounts))];
  const hidden = pick(random, [256, 512, 1024, 4096]);
  return [build.fullyConnected(image, [hidden, pick(random, classCounts)])];
};

interface BlockOptions {
  readonly channels: number;
  readonly stride: number;
  readonly activation: Activation;
}

/** Two convolutions, or three around a narrow middle, and a way past them. */
function residualBlock(
  build: NetworkBuilder,
  image: Image,
  { channels, stride, activation }: BlockOptions,
  narrow: number | undefined,
): Image {
  const middle = narrow ?? channels;
  const first =
    narrow === undefined ? image : build.convolution(image, { channels: middle, filter: 1, activation });
  const second = build.convolution(first, { channels: middle, filter: 3, stride, activation });
  const last = build.convolution(second, {
    channels,
    filter: narrow === undefined ? 3 : 1,
    activation: "none",
  });
  const isSame = stride === 1 && image.channels === channels;
  const past = isSame ? image : build.convolution(image, { channels, filter: 1, stride, activation: "none" });
  return build.add(last, past);
}

const residual =
  (isBottleneck: boolean): Family =>
  (build, random) => {
    const activation = pick(random, activations);
    const base = roundChannels(logUniform(random, 16, 80));
    let image = stem(build, random, input(build, random), base);
    const stages = wholeBetween(random, 2, 4);
    const expansion = pick(random, [2, 4, 4]);
    for (let stage = 0; stage < stages; stage++) {
      const width = base * 2 ** stage;
      const depth = wholeBetween(random, 1, isBottleneck ? 5 : 4);
      for (let block = 0; block < depth; block++) {
        const stride = block === 0 && stage > 0 ? 2 : 1;
        const channels = isBottleneck ? width * expansion : width;
        image = residualBlock(
          build,
          image,
          { channels, stride, activation },
          isBottleneck ? width : undefined,
        );
      }
    }
    return [build.classifier(image, pick(random, classCounts))];
  };

const inverted: Family = (build, random) => {
  const activation = pick(random, activations);
  const excites = happens(random, 0.4);
  const expansion = pick(random, [3, 4, 6, 6]);
  let channels = roundChannels(logUniform(random, 12, 40));
  let image = build.convolution(input(build, random), { channels, filter: 3, stride: 2, activation });
  const stages = wholeBetween(random, 3, 6);
  for (let stage = 0; stage < stages; stage++) {
    const filter = pick(random, [3, 3, 5]);
    channels = Math.min(384, roundChannels(channels * pick(random, [1, 1.3, 1.5, 1.8])));
    const depth = wholeBetween(random, 1, 4);
    const reduces = stage < 4 && happens(random, 0.75);
    for (let block = 0; block < depth; block++) {
      const stride = block === 0 && reduces ? 2 : 1;
      const wide = build.convolution(image, { channels: image.channels * expansion, filter: 1, activation });
      let inner = build.convolution(wide, {
        channels: wide.channels,
        filter,
        stride,
        depthwise: true,
        activation,
      });
      if (excites) inner = build.excite(inner, roundChannels(image.channels / 4));
      const out = build.convolution(inner, { channels, filter: 1, activation: "none" });
      image = stride === 1 && image.channels === channels ? build.add(out, image) : out;
    }
  }
  const head = build.convolution(image, { channels: pick(random, [256, 640, 1280]), filter: 1, activation });
  return [build.classifier(head, pick(random, classCounts))];
};

const branches: Family = (build, random) => {
  let width = roundChannels(logUniform(random, 16, 64));
  let image = stem(build, random, input(build, random), width);
  const modules = wholeBetween(random, 2, 9);
  for (let module = 0; module < modules; module++) {
    const start = image;
    const conv = (from: Image, channels: number, filter: number): Image =>
      build.convolution(from, { channels: roundChannels(channels), filter });
    const ways = [conv(start, width, 1), conv(conv(start, width * 0.75, 1), width, 3)];
    if (happens(random, 0.8)) ways.push(conv(conv(start, width / 4, 1), width / 2, 5));
    if (happens(random, 0.6)) ways.push(conv(build.maxPool(start, 3, 1), width / 2, 1));
    image = build.concat(ways);
    if (module % 3 === 2 && image.height >= 14) {
      image = build.maxPool(image, 3, 2);
      width = Math.min(256, roundChannels(width * 1.5));
    }
  }
  return [build.classifier(image, pick(random, classCounts))];
};

const encoderDecoder: Family = (build, random) => {
  const base = roundChannels(logUniform(random, 8, 48));
  const levels = wholeBetween(random, 2, 4);
  const depth = wholeBetween(random, 1, 2);
  const byConvolution = happens(random, 0.5);
  const level = (from: Image, channels: number): Image => {
    let image = from;
    for (let layer = 0; layer < depth; layer++) image = build.convolution(image, { channels, filter: 3 });
    return image;
  };
  let image = level(build.imageInput(3, pick(random, [64, 96, 128, 160, 192])), base);
  const skips: Image[] = [];
  for (let down = 1; down <= levels; down++) {
    skips.push(image);
    image = level(build.maxPool(image, 2, 2), base * 2 ** down);
  }
  for (const skip of skips.reverse()) {
    const up = byConvolution
      ? build.upConvolution(image, skip.channels)
      : build.convolution(build.upsample(image), { channels: skip.channels, filter: 3 });
    image = level(build.concat([up, skip]), skip.channels);
  }
  const classes = pick(random, [1, 8, 21]);
  return [build.convolution(image, { channels: classes, filter: 1, activation: "none" }).name];
};

const transformer: Family = (build, random) => {
  const heads = pick(random, [2, 3, 4, 6, 8, 12]);
  const width = heads * pick(random, [32, 64, 64]);
  const expansion = pick(random, [2, 3, 4, 4]);
  let sequence = happens(random, 0.5)
    ? patches(build, random, width)
    : build.sequenceInput(pick(random, [32, 64, 128, 192, 256, 384]), width);
  const blocks = wholeBetween(random, 1, 8);
  for (let block = 0; block < blocks; block++) {
    const normal = build.normalise(sequence);
    const [queries, keys, values] = [width, width, width].map((size) => build.linear(normal, size)) as [
      Sequence,
      Sequence,
      Sequence,
    ];
    const mixed = build.linear(build.attention(queries, keys, values, heads), width);
    sequence = build.addSequences(sequence, mixed);
    const hidden = build.gelu(build.linear(build.normalise(sequence), width * expansion));
    sequence = build.addSequences(sequence, build.linear(hidden, width));
  }
  return [build.linear(build.normalise(sequence), pick(random, [width, 128, 512])).name];
};

/** An image cut into patches, each a token. */
function patches(build: NetworkBuilder, random: RandomSource, width: number): Sequence {
  const patch = pick(random, [8, 16, 16, 32]);
  const size = patch * wholeBetween(random, 6, 14);
  const image = build.imageInput(3, size);
  // A filter as large as its stride cuts exact patches.
  const cut = { channels: width, filter: patch, stride: patch, padding: 0, activation: "none" } as const;
  return build.tokens(build.convolution(image, cut));
}

/** By name; the name of a generated network says its family. */
export const families: Readonly<Record<string, Family>> = {
  chain,
  residual: residual(false),
  bottleneck: residual(true),
  inverted,
  branches,
  "encoder-decoder": encoderDecoder,
  transformer,
};
