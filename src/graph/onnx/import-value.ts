/** Test data: a file that holds one TensorProto, SequenceProto or OptionalProto, as the type of the value says. */
import { LaminateError } from "../../base/errors.ts";
import { valueOfTensor } from "../ir/runtime-tensor.ts";
import type { RuntimeValue } from "../ir/runtime-value.ts";
import { tensorOf } from "./import-tensor.ts";
import {
  type OptionalProto,
  optionalProto,
  type SequenceProto,
  sequenceProto,
  type TensorProto,
  tensorProto,
  typeProto,
} from "./schema.ts";
import { decode } from "./wire-decode.ts";

export interface ImportValueOptions {
  /** The file's name, for errors. */
  readonly name?: string;
  /** The value's TypeProto, where it is no dense tensor (see Graph.otherTypes). */
  readonly type?: Uint8Array | undefined;
}

type Kind = RuntimeValue["kind"];

/**
 * The value in a file of test data. Files for an optional input may hold the bare tensor or sequence. Throws bad-input
 * naming the file.
 */
export function importValue(bytes: Uint8Array, options: ImportValueOptions = {}): RuntimeValue {
  const where = options.name ?? "value";
  const kind = kindOf(options.type, where);
  if (kind === "tensor") return tensorIn(decode(tensorProto, bytes, where), where);
  if (kind === "sequence") return sequenceIn(decode(sequenceProto, bytes, where), where);
  try {
    const proto = decode(optionalProto, bytes, where);
    if (isFilled(proto) || (proto.elemType ?? 0) === 0) return optionalIn(proto, where);
  } catch (error) {
    if (!(error instanceof LaminateError)) throw error;
  }
  return bareValue(bytes, where);
}

function kindOf(type: Uint8Array | undefined, where: string): Kind {
  if (type === undefined) return "tensor";
  const { sequenceType, optionalType } = decode(typeProto, type, where);
  return sequenceType !== undefined ? "sequence" : optionalType !== undefined ? "optional" : "tensor";
}

const isFilled = (proto: OptionalProto): boolean =>
  proto.tensorValue !== undefined || proto.sequenceValue !== undefined || proto.optionalValue !== undefined;

/** What an optional input is given without its wrapping. */
function bareValue(bytes: Uint8Array, where: string): RuntimeValue {
  try {
    return tensorIn(decode(tensorProto, bytes, where), where);
  } catch (error) {
    if (!(error instanceof LaminateError)) throw error;
    return sequenceIn(decode(sequenceProto, bytes, where), where);
  }
}

function tensorIn(proto: TensorProto, where: string): RuntimeValue {
  return valueOfTensor(tensorOf(proto, undefined, where), where);
}

function sequenceIn(proto: SequenceProto, where: string): RuntimeValue {
  const items = [
    ...proto.tensorValues.map((tensor) => tensorIn(tensor, where)),
    ...proto.sequenceValues.map((sequence) => sequenceIn(sequence, where)),
    ...proto.optionalValues.map((optional) => optionalIn(optional, where)),
  ];
  const [first] = items;
  return { kind: "sequence", elementType: first?.kind === "tensor" ? first.elementType : "undefined", items };
}

function optionalIn(proto: OptionalProto, where: string): RuntimeValue {
  const value =
    proto.tensorValue !== undefined
      ? tensorIn(proto.tensorValue, where)
      : proto.sequenceValue !== undefined
        ? sequenceIn(proto.sequenceValue, where)
        : proto.optionalValue !== undefined
          ? optionalIn(proto.optionalValue, where)
          : undefined;
  return { kind: "optional", value };
}
