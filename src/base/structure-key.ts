/**
 * A text for plain data that is equal where the data is: the same fields with the same values, and objects shared in the
 * same places. So two data-flow trees with equal keys become the same code. Linear in the data, shared parts counted once.
 */
import { assert } from "./assert.ts";

/** The key of values made of objects, arrays, numbers, texts, truth values and bigints; functions have none. */
export function structureKey(value: unknown): string {
  const parts: (string | number)[] = [];
  const numbers = new Map<object, number>();
  const write = (part: unknown): void => {
    switch (typeof part) {
      case "object":
        if (part === null) parts.push("null");
        else writeObject(part);
        return;
      case "string":
        parts.push(JSON.stringify(part));
        return;
      case "number":
        parts.push(Object.is(part, -0) ? "-0" : part);
        return;
      case "bigint":
        parts.push(`${part}n`);
        return;
      default:
        assert(typeof part === "boolean" || part === undefined, `a ${typeof part} has no structure`);
        parts.push(String(part));
    }
  };
  const writeObject = (object: object): void => {
    const old = numbers.get(object);
    if (old !== undefined) {
      parts.push(`#${old}`);
      return;
    }
    numbers.set(object, numbers.size);
    if (Array.isArray(object)) {
      parts.push("[");
      for (const element of object) write(element);
      parts.push("]");
      return;
    }
    const prototype: unknown = Object.getPrototypeOf(object);
    assert(prototype === Object.prototype, "only plain objects have a structure");
    parts.push("{");
    for (const [name, field] of Object.entries(object)) {
      parts.push(name);
      write(field);
    }
    parts.push("}");
  };
  write(value);
  return parts.join(" ");
}
