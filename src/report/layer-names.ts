/** Names of layers, and the short forms that fit a chip of a chart. */
import { known } from "../base/assert.ts";
import type { Workload } from "../mapping/workload/workload.ts";

/** The name of a layer by its index. */
export function layerName(workload: Workload, layer: number): string {
  return known(workload.layers[layer], `layer ${layer}`).name;
}

/**
 * A name for tight places: exporters write paths like "/features/features.3/conv/Conv"; parts that the part before
 * repeats, and the operator's type at the end, say nothing new. `features.3/conv`.
 */
export function shortName(name: string): string {
  const parts = name.split("/").filter((part) => part !== "");
  const told = parts.filter((part, at) => !parts[at + 1]?.startsWith(`${part}.`));
  const last = told.at(-1) ?? name;
  const operatorOnly = told.length > 1 && /^[A-Z][A-Za-z]*$/.test(last);
  return (operatorOnly ? told.slice(0, -1) : told).join("/") || name;
}

/**
 * A short name in two lines: the numbered part of the network that it is in, and its name there:
 * `encoder/layer.23/attention/self` is ["layer.23", "attention/self"], `conv1` is ["", "conv1"].
 */
export function nameLines(short: string): readonly [place: string, name: string] {
  const parts = short.split("/");
  const numbered = parts.findIndex((part, at) => at < parts.length - 1 && /\d$/.test(part));
  if (numbered >= 0) return [parts[numbered] ?? "", parts.slice(numbered + 1).join("/")];
  return [parts.slice(0, -1).join("/"), parts.at(-1) ?? ""];
}

/** The start that all names share, up to a separator: it tells none of them apart. "" for fewer than two names. */
export function sharedStart(names: readonly string[]): string {
  const [first = "", ...others] = names;
  if (others.length === 0) return "";
  let length = first.length;
  for (const name of others) {
    while (!name.startsWith(first.slice(0, length))) length--;
  }
  return first.slice(0, first.slice(0, length).search(/[^/_.]*$/));
}

/** At most `length` characters, keeping the end, where exporters put what tells layers apart. */
export function keepEnd(text: string, length: number): string {
  return text.length <= length ? text : `…${text.slice(text.length - length + 1)}`;
}

/**
 * A short name in at most `length` characters. Where something must go, it goes from between the numbered part of the
 * network and the end: in a network of equal blocks the end alone does not tell one from the next.
 */
export function fitName(short: string, length: number): string {
  if (short.length <= length) return short;
  const [place, own] = nameLines(short);
  const room = length - place.length - 1;
  return /\d$/.test(place) && room >= 6 ? `${place}/${keepEnd(own, room)}` : keepEnd(short, length);
}
