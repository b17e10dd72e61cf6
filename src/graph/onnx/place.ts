/** Where in a file something is, put into words only when there is an error to tell: most files have none. */
import { quote } from "../../base/quote.ts";

/** The file's name, or a named thing inside another place. */
export type Place = string | InnerPlace;

interface InnerPlace {
  readonly outer: Place;
  readonly kind: string;
  readonly name: string;
  readonly operator: string | undefined;
}

/** `m.onnx: node "conv1" (Conv)`, in parts. */
export function placeInside(outer: Place, kind: string, name: string, operator?: string): Place {
  return { outer, kind, name, operator };
}

/** The place in words, from the outside in. */
export function placeText(place: Place): string {
  if (typeof place === "string") return place;
  const operator = place.operator === undefined ? "" : ` (${place.operator})`;
  return `${placeText(place.outer)}: ${place.kind} ${quote(place.name)}${operator}`;
}
