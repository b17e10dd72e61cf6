/**
 * A shard: a run of problems as one safetensors file. Row r of each tensor is one step; the trajectories lie one behind
 * the other, those of a problem together.
 *
 * | tensor | type | shape | what |
 * |---|---|---|---|
 * | states | F32 | [steps, features] | by the feature schema |
 * | actions | F32 | [steps, numbers] | by the feature schema |
 * | returnsToGo | F32 | [steps] | the conditioning memory |
 * | passes | I32 | [steps] | images per pass of the decision |
 * | synced | I32 | [steps] | 1 for sync, 0 for stage |
 * | starts | I32 | [trajectories + 1] | the first step of each, and the number of steps |
 *
 * The metadata hold "problems", a JSON text of what is known of each problem and lesson (record.ts), and "format". The same
 * records give the same bytes, and a shard that is read gives the records that it was made of.
 */
import { z } from "zod";
import { badInput, type LaminateError } from "../../base/errors.ts";
import {
  float32Tensor,
  int32Tensor,
  readSafetensors,
  type Safetensors,
  tensorElements,
  writeSafetensors,
} from "../../base/safetensors.ts";
import { actionWidth, type FeatureSchema } from "../environment/schema.ts";
import type { Trajectory } from "../trajectories/trajectory.ts";
import { type ProblemFacts, type ProblemRecord, problemFactsSchema } from "./record.ts";

const format = "laminate.shard/2";

/** The file of these records. O(bytes). */
export function writeShard(schema: FeatureSchema, records: readonly ProblemRecord[]): Uint8Array {
  const trajectories = records.flatMap((record) => record.trajectories);
  const starts = new Int32Array(trajectories.length + 1);
  trajectories.forEach(({ stepCount }, index) => {
    starts[index + 1] = (starts[index] as number) + stepCount;
  });
  const steps = starts[trajectories.length] as number;
  const floats = (part: (trajectory: Trajectory) => Float32Array, width: number): Float32Array =>
    joined(new Float32Array(steps * width), trajectories.map(part));
  const integers = (part: (trajectory: Trajectory) => Int32Array): Int32Array =>
    joined(new Int32Array(steps), trajectories.map(part));
  const width = schema.state.length;
  const numbers = actionWidth(schema);
  return writeSafetensors({
    tensors: new Map([
      [
        "states",
        float32Tensor(
          [steps, width],
          floats(({ states }) => states, width),
        ),
      ],
      [
        "actions",
        float32Tensor(
          [steps, numbers],
          floats(({ actions }) => actions, numbers),
        ),
      ],
      [
        "returnsToGo",
        float32Tensor(
          [steps],
          floats(({ returnsToGo }) => returnsToGo, 1),
        ),
      ],
      [
        "passes",
        int32Tensor(
          [steps],
          integers(({ passes }) => passes),
        ),
      ],
      [
        "synced",
        int32Tensor(
          [steps],
          integers(({ synced }) => synced),
        ),
      ],
      ["starts", int32Tensor([starts.length], starts)],
    ]),
    metadata: new Map([
      ["format", format],
      ["problems", JSON.stringify(records.map(({ facts }) => facts))],
    ]),
  });
}

function joined<T extends Float32Array | Int32Array>(target: T, parts: readonly T[]): T {
  let at = 0;
  for (const part of parts) {
    target.set(part, at);
    at += part.length;
  }
  return target;
}

/**
 * The records of a shard.
 *
 * @throws LaminateError (bad-input) with `where` in its place for a file that is no shard of the schema
 */
export function readShard(schema: FeatureSchema, file: Uint8Array, where: string): readonly ProblemRecord[] {
  const content = readSafetensors(file, where);
  if (content.metadata.get("format") !== format) throw broken(`its format is not ${format}`, where);
  const problems = parseProblems(content.metadata.get("problems") ?? "", where);
  const all = readSteps(schema, content, where);
  const count = problems.reduce((total, { lessons }) => total + lessons.length, 0);
  if (all.starts.length !== count + 1) {
    throw broken(`it has ${all.starts.length - 1} trajectories, and its problems ${count} lessons`, where);
  }
  let next = 0;
  return problems.map((facts) => {
    const trajectories = facts.lessons.map(({ taughtFrom, takenOver = [] }) => {
      return { ...slice(schema, all, facts, next++, where), taughtFrom, takenOver };
    });
    return { facts, trajectories };
  });
}

function parseProblems(text: string, where: string): readonly ProblemFacts[] {
  try {
    return z.array(problemFactsSchema).parse(JSON.parse(text));
  } catch (error) {
    const issue = error instanceof z.ZodError ? error.issues[0] : undefined;
    const what = issue === undefined ? "no JSON" : `${issue.path.join(".")}: ${issue.message}`;
    throw broken(`its list of problems is broken: ${what}`, where);
  }
}

interface Steps {
  readonly states: Float32Array<ArrayBuffer>;
  readonly actions: Float32Array<ArrayBuffer>;
  readonly returnsToGo: Float32Array<ArrayBuffer>;
  readonly passes: Int32Array<ArrayBuffer>;
  readonly synced: Int32Array<ArrayBuffer>;
  readonly starts: Int32Array<ArrayBuffer>;
}

function readSteps(schema: FeatureSchema, content: Safetensors, where: string): Steps {
  const starts = tensorElements(content, { name: "starts", type: "I32", shape: [-1] }, where);
  const steps = starts.at(-1) ?? -1;
  const isRising = starts.every((start, index) => index === 0 || start > (starts[index - 1] as number));
  if (starts[0] !== 0 || !isRising) throw broken("its trajectories do not follow each other", where);
  const floats = (name: string, ...shape: number[]) =>
    tensorElements(content, { name, type: "F32", shape: [steps, ...shape] }, where);
  const integers = (name: string) => tensorElements(content, { name, type: "I32", shape: [steps] }, where);
  return {
    states: floats("states", schema.state.length),
    actions: floats("actions", actionWidth(schema)),
    returnsToGo: floats("returnsToGo"),
    passes: integers("passes"),
    synced: integers("synced"),
    starts,
  };
}

function slice(
  schema: FeatureSchema,
  all: Steps,
  { network, layers, batch }: ProblemFacts,
  index: number,
  where: string,
): Omit<Trajectory, "taughtFrom" | "takenOver"> {
  const start = all.starts[index] as number;
  const end = all.starts[index + 1] as number;
  const width = schema.state.length;
  const numbers = actionWidth(schema);
  const passes = all.passes.slice(start, end);
  const synced = all.synced.slice(start, end);
  if (end - start !== layers + 1) {
    throw broken(`trajectory ${index} has ${end - start} steps; ${network} needs ${layers + 1}`, where);
  }
  if (!passes.every((pass) => pass >= 1 && pass <= batch) || !synced.every((is) => is === 0 || is === 1)) {
    throw broken(`trajectory ${index} has a decision that is none at batch ${batch}`, where);
  }
  return {
    stepCount: end - start,
    states: all.states.slice(start * width, end * width),
    actions: all.actions.slice(start * numbers, end * numbers),
    returnsToGo: all.returnsToGo.slice(start, end),
    passes,
    synced,
  };
}

function broken(message: string, where: string): LaminateError {
  return badInput(message, { where, fix: "delete the folder and make the data set again" });
}
