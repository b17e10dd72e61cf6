/** A function as a short text that is the same for functions that do the same: names of locals and labels do not count. */
import type { Code, Label } from "./code.ts";
import type { WasmFunction } from "./function-builder.ts";

/** Linear in the code. */
export function fingerprint({ parameters, locals, result, body }: WasmFunction): string {
  const parts: (string | number | bigint)[] = [];
  const labels: (Label | undefined)[] = [];
  const inside = (label: Label | undefined, codes: readonly Code[]): void => {
    labels.push(label);
    for (const code of codes) write(code);
    labels.pop();
    parts.push("end");
  };
  const write = (code: Code): void => {
    parts.push(code.kind);
    switch (code.kind) {
      case "op":
        parts.push(code.name, code.offset ?? 0, code.lane ?? 0);
        if (code.value !== undefined)
          parts.push(typeof code.value === "object" ? code.value.join() : code.value);
        for (const operand of code.operands) write(operand);
        return;
      case "get":
        parts.push(code.local.index);
        return;
      case "set":
      case "tee":
        parts.push(code.local.index);
        write(code.value);
        return;
      case "call":
        parts.push(code.callee.name);
        for (const operand of code.operands) write(operand);
        return;
      case "block":
      case "loop":
        inside(code.label, code.body);
        return;
      case "if":
        write(code.condition);
        inside(undefined, code.yes);
        inside(undefined, code.no);
        return;
      case "branch":
        parts.push(labels.length - labels.lastIndexOf(code.label));
        if (code.condition !== undefined) write(code.condition);
        return;
      case "select":
        for (const operand of [code.condition, code.yes, code.no]) write(operand);
        return;
      default:
        code satisfies never;
    }
  };
  const types = (all: readonly { readonly type: string }[]): string => all.map(({ type }) => type).join();
  parts.push(types(parameters), types(locals), result ?? "");
  for (const code of body) write(code);
  return parts.join(" ");
}
