/** Moving elements by one map for each axis: which place of the input stands at each place of the output. */
import { allocate, countOf, type TensorValue } from "../../ir/runtime-value.ts";
import { type Movable, stridesOf } from "./strided.ts";

/** For each place along an axis the place in the input; below 0 where the fill goes. */
export type AxisMap = readonly number[];

/** Every place as it is. */
export const samePlaces = (size: number): AxisMap => Array.from({ length: size }, (_, place) => place);

/** The tensor whose element at (i, j, ...) is the input's at (maps[0][i], maps[1][j], ...). */
export function gatherByAxes(
  value: TensorValue,
  maps: readonly AxisMap[],
  fill?: number | bigint | string,
): TensorValue {
  const shape = maps.map((map) => map.length);
  const elements = allocate(value.elementType, countOf(shape));
  const [out, from]: [Movable, Movable] = [elements, value.elements];
  const strides = stridesOf(value.shape);
  const other: unknown = fill ?? allocate(value.elementType, 1)[0];
  let at = 0;
  const visit = (axis: number, base: number, isOutside: boolean): void => {
    const map = maps[axis];
    if (map === undefined) {
      out[at++] = isOutside ? other : from[base];
      return;
    }
    const stride = strides[axis] ?? 1;
    if (axis < maps.length - 1) {
      for (const place of map) visit(axis + 1, base + place * stride, isOutside || place < 0);
      return;
    }
    for (let index = 0; index < map.length; index++) {
      const place = map[index] as number;
      out[at++] = isOutside || place < 0 ? other : from[base + place * stride];
    }
  };
  visit(0, 0, false);
  return { kind: "tensor", elementType: value.elementType, shape, elements };
}
