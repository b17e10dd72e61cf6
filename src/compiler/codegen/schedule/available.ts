/** Values that must be in memory before a kernel reads them: other views where they only move elements, else stored. */
import { known } from "../../../base/assert.ts";
import type { BlockState } from "./block.ts";
import type { Context } from "./context.ts";
import { indexMapOf } from "./index-maps.ts";
import { shapeOf } from "./shapes.ts";
import { storeValues } from "./stores.ts";
import { derivedView } from "./views.ts";

/** Puts a value into memory, if it is not there. */
export function makeAvailable(state: BlockState, name: string): void {
  if (state.context.memory.has(name) || viewAsOther(state.context, name)) return;
  storeValues(state.context, [{ name, view: state.context.placement.viewFor(name) }], `elementwise ${name}`);
}

/** Lets a value be another view of what is in memory, where it only moves elements of that and has no place of its own. */
export function viewAsOther(context: Context, name: string): boolean {
  const { memory, placement, typed } = context;
  if (placement.hasOwnPlace(name)) return false;
  const producer = context.producerOf(name);
  const map = producer && indexMapOf(typed, producer.node, producer.output);
  if (map === undefined || memory.isConstant(map.operand)) return false;
  if (!memory.has(map.operand) && !viewAsOther(context, map.operand)) return false;
  const operand = known(memory.viewOf(map.operand), "operand");
  const view = derivedView(operand, shapeOf(typed, name), map.backward);
  if (view === undefined) return false;
  memory.place(name, view);
  return true;
}
