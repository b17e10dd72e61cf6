/** Kernels of signal processing: windows, spectra, mel filters. Spectra are summed directly, O(n^2) for each line. */
import { countOf, numbersOf, type TensorValue, tensorFromDoubles } from "../../ir/runtime-value.ts";
import { int, normalAxis } from "../call.ts";
import {
  inputNumbers,
  type Kernel,
  type Kernels,
  optionalScalar,
  optionalTensor,
  outputType,
  tensor,
} from "./kernel.ts";
import { linesAlong } from "./lines.ts";

/** One vector of weights: the cosines of 0, 1 and 2 turns, weighted. */
function windowKernel(constant: number, once: number, twice: number): Kernel {
  return (call) => {
    const { elementType } = outputType(call);
    const size = optionalScalar(call, 0) ?? 0;
    const period = int(call, "periodic", 1) !== 0 ? size : size - 1;
    const weights = Float64Array.from({ length: size }, (_, index) => {
      const turn = (2 * Math.PI * index) / period;
      return constant - once * Math.cos(turn) + twice * Math.cos(2 * turn);
    });
    return [tensorFromDoubles(elementType, [size], weights)];
  };
}

/** Complex numbers, real and imaginary parts apart. */
interface Spectrum {
  readonly real: Float64Array;
  readonly imaginary: Float64Array;
}

/** The first `count` frequencies of a signal; the inverse is divided by its length. */
function transform({ real, imaginary }: Spectrum, count: number, isInverse: boolean): Spectrum {
  const size = real.length;
  const out = { real: new Float64Array(count), imaginary: new Float64Array(count) };
  const [sign, scale] = isInverse ? [1, 1 / size] : [-1, 1];
  for (let frequency = 0; frequency < count; frequency++) {
    let [re, im] = [0, 0];
    for (let time = 0; time < size; time++) {
      const angle = (sign * 2 * Math.PI * ((frequency * time) % size)) / size;
      const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
      const [x, y] = [real[time] as number, imaginary[time] as number];
      re += x * cos - y * sin;
      im += x * sin + y * cos;
    }
    out.real[frequency] = re * scale;
    out.imaginary[frequency] = im * scale;
  }
  return out;
}

/** The spectrum along one axis of [..., size, 1 or 2], the signal cut or filled with 0 to the length asked for. */
const dft: Kernel = (call) => {
  const value = tensor(call, 0);
  const { elementType, shape } = outputType(call);
  const stated = call.node.opset >= 20 ? (optionalScalar(call, 2) ?? -2) : int(call, "axis", 1);
  const axis = normalAxis(call, stated, value.shape.length);
  const length = optionalScalar(call, 1) ?? value.shape[axis] ?? 0;
  const isInverse = int(call, "inverse", 0) !== 0;
  const numbers = numbersOf(value);
  // Without the last axis, which holds the parts of one complex number.
  const parts = value.shape.at(-1) ?? 1;
  const from = linesAlong(value.shape.slice(0, -1), axis);
  const to = linesAlong(shape.slice(0, -1), axis);
  const out = new Float64Array(countOf(shape));
  for (let line = 0; line < from.count; line++) {
    const read = (part: number): Float64Array =>
      Float64Array.from({ length }, (_, place) =>
        place < from.size && part < parts
          ? (numbers[(from.start(line) + place * from.stride) * parts + part] as number)
          : 0,
      );
    const spectrum = transform({ real: read(0), imaginary: read(1) }, to.size, isInverse);
    for (let place = 0; place < to.size; place++) {
      const at = 2 * (to.start(line) + place * to.stride);
      out[at] = spectrum.real[place] as number;
      out[at + 1] = spectrum.imaginary[place] as number;
    }
  }
  return [tensorFromDoubles(elementType, shape, out)];
};

/** Spectra of frames: [batch, length, 1 or 2] to [batch, frames, frequencies, 2]. */
const stft: Kernel = (call) => {
  const value = tensor(call, 0);
  const { elementType, shape } = outputType(call);
  const [batch = 0, frames = 0, frequencies = 0] = shape;
  const numbers = numbersOf(value);
  const step = optionalScalar(call, 1) ?? 1;
  const window: TensorValue | undefined = optionalTensor(call, 2);
  const weights = window === undefined ? undefined : numbersOf(window);
  const length = optionalScalar(call, 3) ?? weights?.length ?? 0;
  const parts = value.shape.length > 2 ? (value.shape[2] ?? 1) : 1;
  const size = value.shape[1] ?? 0;
  const out = new Float64Array(countOf(shape));
  for (let frame = 0; frame < batch * frames; frame++) {
    const start = Math.floor(frame / frames) * size + (frame % frames) * step;
    const read = (part: number): Float64Array =>
      Float64Array.from({ length }, (_, place) =>
        part < parts ? (numbers[(start + place) * parts + part] ?? 0) * (weights?.[place] ?? 1) : 0,
      );
    const spectrum = transform({ real: read(0), imaginary: read(1) }, frequencies, false);
    for (let place = 0; place < frequencies; place++) {
      const at = 2 * (frame * frequencies + place);
      out[at] = spectrum.real[place] as number;
      out[at + 1] = spectrum.imaginary[place] as number;
    }
  }
  return [tensorFromDoubles(elementType, shape, out)];
};

/** Triangles that are evenly spaced on the mel scale, over the bins of a spectrum. */
const melWeightMatrix: Kernel = (call) => {
  const { elementType, shape } = outputType(call);
  const [bins = 0, length = 0, rate = 1, low = 0, high = 0] = [0, 1, 2, 3, 4].map(
    (index) => inputNumbers(call, index)[0] ?? 0,
  );
  const mel = (frequency: number): number => 2595 * Math.log10(1 + frequency / 700);
  const step = (mel(high) - mel(low)) / (bins + 2);
  const edges = Array.from({ length: bins + 2 }, (_, index) => {
    const frequency = 700 * (10 ** ((mel(low) + index * step) / 2595) - 1);
    return Math.floor(((length + 1) * frequency) / rate);
  });
  if (!edges.every((edge) => edge >= 0 && edge <= length)) {
    throw call.error(
      `the frequencies ${low} to ${high} do not lie in a spectrum of ${length} at a rate of ${rate}`,
    );
  }
  const out = new Float64Array(countOf(shape));
  for (let bin = 0; bin < bins; bin++) {
    const [from = 0, centre = 0, to = 0] = edges.slice(bin, bin + 3);
    if (centre === from) out[centre * bins + bin] = 1;
    for (let at = from; at <= centre && centre > from; at++)
      out[at * bins + bin] = (at - from) / (centre - from);
    for (let at = centre; at < to; at++) out[at * bins + bin] = (to - at) / (to - centre);
  }
  return [tensorFromDoubles(elementType, shape, out)];
};

export const signalKernels: Kernels = {
  BlackmanWindow: windowKernel(0.42, 0.5, 0.08),
  DFT: dft,
  HammingWindow: windowKernel(25 / 46, 21 / 46, 0),
  HannWindow: windowKernel(0.5, 0.5, 0),
  MelWeightMatrix: melWeightMatrix,
  STFT: stft,
};
