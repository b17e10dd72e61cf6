/** Generated code as WebAssembly text with folded instructions, for people and for golden tests. */
import type { Code, Local } from "./code.ts";
import type { WasmFunction } from "./function-builder.ts";

const mostLine = 100;

export function printFunction({ name, parameters, locals, result, body }: WasmFunction): string {
  const declare = (word: string) => (local: Local) => `(${word} $${local.name} ${local.type})`;
  const head = [
    `(func $${name}`,
    ...parameters.map(declare("param")),
    ...(result === undefined ? [] : [`(result ${result})`]),
  ].join(" ");
  const declared = locals.length === 0 ? [] : [`  ${locals.map(declare("local")).join(" ")}`];
  return [head, ...declared, ...body.map((code) => printCode(code, "  "))].join("\n").concat(")\n");
}

/** One instruction with its operands: on one line where that is short. */
export function printCode(code: Code, indent = ""): string {
  const short = onOneLine(code, mostLine - indent.length);
  if (short !== undefined) return `${indent}${short}`;
  const { head, operands, body } = partsOf(code);
  const lines = [
    ...operands.map((inner) => printCode(inner, `${indent}  `)),
    ...body.map((part) => part(indent)),
  ];
  return [`${indent}(${head}`, ...lines].join("\n").concat(")");
}

/** The code in at most so many characters; it gives up as soon as it is longer, so that printing is linear. */
function onOneLine(code: Code, room: number): string | undefined {
  const { head, operands, body } = partsOf(code);
  let text = `(${head}`;
  if (body.length > 0 || text.length >= room) return undefined;
  for (const operand of operands) {
    const inner = onOneLine(operand, room - text.length - 2);
    if (inner === undefined) return undefined;
    text += ` ${inner}`;
  }
  return `${text})`;
}

interface Parts {
  readonly head: string;
  readonly operands: readonly Code[];
  readonly body: readonly ((indent: string) => string)[];
}

function partsOf(code: Code): Parts {
  const nested = (codes: readonly Code[]) =>
    codes.map((inner) => (indent: string) => printCode(inner, `${indent}  `));
  switch (code.kind) {
    case "op":
      return { head: opHead(code), operands: code.operands, body: [] };
    case "get":
      return { head: `local.get $${code.local.name}`, operands: [], body: [] };
    case "set":
    case "tee":
      return { head: `local.${code.kind} $${code.local.name}`, operands: [code.value], body: [] };
    case "call":
      return { head: `call $${code.callee.name}`, operands: code.operands, body: [] };
    case "block":
    case "loop":
      return { head: `${code.kind} $${code.label.name}`, operands: [], body: nested(code.body) };
    case "if": {
      const arm = (word: string, codes: readonly Code[]) => (indent: string) =>
        [`${indent}  (${word}`, ...codes.map((inner) => printCode(inner, `${indent}    `))]
          .join("\n")
          .concat(")");
      const arms = [arm("then", code.yes), ...(code.no.length > 0 ? [arm("else", code.no)] : [])];
      return { head: "if", operands: [code.condition], body: arms };
    }
    case "branch":
      return code.condition === undefined
        ? { head: `br $${code.label.name}`, operands: [], body: [] }
        : { head: `br_if $${code.label.name}`, operands: [code.condition], body: [] };
    case "select":
      return { head: "select", operands: [code.yes, code.no, code.condition], body: [] };
    default:
      return code satisfies never;
  }
}

function opHead({ name, offset, lane, value }: Extract<Code, { kind: "op" }>): string {
  const parts = [name];
  if (offset !== undefined && offset !== 0) parts.push(`offset=${offset}`);
  if (lane !== undefined) parts.push(String(lane));
  if (value !== undefined) parts.push(constantText(name, value));
  return parts.join(" ");
}

function constantText(name: string, value: number | bigint | readonly number[]): string {
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number") return numberText(value);
  if (name === "i8x16.shuffle") return value.join(" ");
  return value.length === 16 ? `i8x16 ${value.join(" ")}` : `f32x4 ${value.map(numberText).join(" ")}`;
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  return Object.is(value, -0) ? "-0" : String(value);
}
