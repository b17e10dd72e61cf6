;; map: elementwise y, 3 units
(func $map (param $b0 i32) (param $b1 i32) (param $b2 i32) (param $from i32) (param $to i32)
  (local $i1 i32) (local $b0_at i32) (local $b0_at_1 i32) (local $b1_at i32) (local $b2_at i32) (local $b2_at_1 i32)
  (if
    (i32.lt_s (local.get $from) (local.get $to))
    (then
      (loop $from_loop
        (local.set $i1 (i32.const 0))
        (local.set $b0_at (i32.add (local.get $b0) (i32.shl (local.get $from) (i32.const 5))))
        (local.set $b2_at (i32.add (local.get $b2) (i32.shl (local.get $from) (i32.const 5))))
        (if
          (i32.le_s (i32.add (local.get $i1) (i32.const 4)) (i32.const 8))
          (then
            (loop $i1_loop
              (local.set $b0_at_1
                (i32.add (local.get $b0_at) (i32.shl (local.get $i1) (i32.const 2))))
              (local.set $b1_at (i32.add (local.get $b1) (i32.shl (local.get $i1) (i32.const 2))))
              (local.set $b2_at_1
                (i32.add (local.get $b2_at) (i32.shl (local.get $i1) (i32.const 2))))
              (v128.store
                (local.get $b2_at_1)
                (f32x4.pmax
                  (f32x4.mul
                    (f32x4.add (v128.load (local.get $b0_at_1)) (v128.load (local.get $b1_at)))
                    (v128.const f32x4 0.5 0.5 0.5 0.5))
                  (v128.const f32x4 0 0 0 0)))
              (local.set $i1 (i32.add (local.get $i1) (i32.const 4)))
              (br_if $i1_loop (i32.le_s (i32.add (local.get $i1) (i32.const 4)) (i32.const 8))))))
        (local.set $from (i32.add (local.get $from) (i32.const 1)))
        (br_if $from_loop (i32.lt_s (local.get $from) (local.get $to)))))))

