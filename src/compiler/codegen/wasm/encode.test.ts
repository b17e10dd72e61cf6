import { expect, test } from "vitest";
import { f32x4, get, i32, increase, load, op, store } from "./code.ts";
import { encodeModule } from "./encode.ts";
import { FunctionBuilder } from "./function-builder.ts";
import { opcodeOf } from "./opcodes.ts";
import { printFunction } from "./print-wat.ts";

function doubling(): FunctionBuilder {
  const builder = new FunctionBuilder("double");
  const address = builder.parameter("i32", "address");
  const count = builder.parameter("i32", "count");
  const at = builder.let("i32", "at", i32(0));
  builder.forSteps(at, get(count), 4, () => {
    builder.emit(
      store("v128.store", get(address), op("f32x4.mul", load("v128.load", get(address)), f32x4(2))),
    );
    builder.emit(increase(address, i32(16)));
  });
  return builder;
}

test("a loop over vectors is valid and runs", async () => {
  const bytes = encodeModule({ memory: { pages: 1, shared: false }, functions: [doubling().build(true)] });
  expect(WebAssembly.validate(bytes as BufferSource)).toBe(true);
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  const { instance } = await WebAssembly.instantiate(bytes as BufferSource, { env: { memory } });
  const floats = new Float32Array(memory.buffer, 16, 8);
  floats.set([1, 2, 3, 4, 5, 6, 7, 8]);
  (instance.exports.double as (address: number, count: number) => void)(16, 7);
  expect([...floats]).toEqual([2, 4, 6, 8, 5, 6, 7, 8]);
});

test("the text shows what runs", () => {
  expect(printFunction(doubling().build(true))).toMatchInlineSnapshot(`
    "(func $double (param $address i32) (param $count i32)
      (local $at i32)
      (local.set $at (i32.const 0))
      (if
        (i32.le_s (i32.add (local.get $at) (i32.const 4)) (local.get $count))
        (then
          (loop $at_loop
            (v128.store
              (local.get $address)
              (f32x4.mul (v128.load (local.get $address)) (v128.const f32x4 2 2 2 2)))
            (local.set $address (i32.add (local.get $address) (i32.const 16)))
            (local.set $at (i32.add (local.get $at) (i32.const 4)))
            (br_if $at_loop (i32.le_s (i32.add (local.get $at) (i32.const 4)) (local.get $count)))))))
    "
  `);
});

test.each([
  ["i32.extend16_s", [0xc1]],
  ["i32.store16", [0x3b]],
  ["i64.store32", [0x3e]],
  ["f32.copysign", [0x98]],
  ["f64.copysign", [0xa6]],
  ["i64.extend32_s", [0xc4]],
  ["i32.rotr", [0x78]],
  ["i64.rotr", [0x8a]],
  ["f64.ge", [0x66]],
  ["v128.bitselect", [0xfd, 82]],
  ["f32x4.ge", [0xfd, 70]],
  ["i32x4.ge_u", [0xfd, 64]],
  ["i32x4.mul", [0xfd, 0xb5, 0x01]],
  ["i32x4.max_u", [0xfd, 0xb9, 0x01]],
  ["f32x4.pmax", [0xfd, 0xeb, 0x01]],
  ["f32x4.convert_i32x4_u", [0xfd, 0xfb, 0x01]],
  ["v128.store64_lane", [0xfd, 91]],
  ["f32x4.relaxed_madd", [0xfd, 0x85, 0x02]],
  ["f64x2.ge", [0xfd, 0x4c]],
  ["f64x2.promote_low_f32x4", [0xfd, 0x5f]],
  ["f64x2.trunc", [0xfd, 0x7a]],
  ["f64x2.nearest", [0xfd, 0x94, 0x01]],
  ["i64x2.sub", [0xfd, 0xd1, 0x01]],
  ["f64x2.div", [0xfd, 0xf3, 0x01]],
  ["f64x2.pmax", [0xfd, 0xf7, 0x01]],
] as const)("%s has its code", (name, bytes) => {
  expect(opcodeOf(name).bytes).toEqual(bytes);
});
