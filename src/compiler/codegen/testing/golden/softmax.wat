;; rows: Softmax y, 3 units
(func $rows (param $b0 i32) (param $b1 i32) (param $from i32) (param $to i32)
  (local $most f32) (local $most_1 v128) (local $column0 i32) (local $b0_at i32) (local $b0_at_1 i32) (local $b0_1 v128) (local $column0_1 i32) (local $b0_at_2 i32) (local $b0_2 v128) (local $result v128) (local $x v128) (local $shifted v128) (local $n v128) (local $rest v128) (local $b1_at i32) (local $b1_at_1 i32) (local $total f32) (local $total_1 v128) (local $column0_2 i32) (local $b1_at_2 i32) (local $b1_1 v128) (local $column0_3 i32) (local $b1_at_3 i32) (local $b1_2 v128) (local $binary f32) (local $binary_1 v128)
  (if
    (i32.lt_s (local.get $from) (local.get $to))
    (then
      (loop $from_loop
        (local.set $most (f32.const -inf))
        (local.set $most_1 (f32x4.splat (f32.const -inf)))
        (local.set $column0 (i32.const 0))
        (local.set $b0_at (i32.add (local.get $b0) (i32.shl (local.get $from) (i32.const 5))))
        (if
          (i32.le_s (i32.add (local.get $column0) (i32.const 4)) (i32.const 8))
          (then
            (loop $column0_loop
              (local.set $b0_at_1
                (i32.add (local.get $b0_at) (i32.shl (local.get $column0) (i32.const 2))))
              (local.set $b0_1 (v128.load (local.get $b0_at_1)))
              (local.set $most_1 (f32x4.max (local.get $most_1) (local.get $b0_1)))
              (local.set $column0 (i32.add (local.get $column0) (i32.const 4)))
              (br_if $column0_loop
                (i32.le_s (i32.add (local.get $column0) (i32.const 4)) (i32.const 8))))))
        (local.set $most (f32.max (local.get $most) (f32x4.extract_lane 0 (local.get $most_1))))
        (local.set $most (f32.max (local.get $most) (f32x4.extract_lane 1 (local.get $most_1))))
        (local.set $most (f32.max (local.get $most) (f32x4.extract_lane 2 (local.get $most_1))))
        (local.set $most (f32.max (local.get $most) (f32x4.extract_lane 3 (local.get $most_1))))
        (local.set $column0_1 (i32.const 0))
        (local.set $result (f32x4.splat (local.get $most)))
        (local.set $b1_at (i32.add (local.get $b1) (i32.shl (local.get $from) (i32.const 5))))
        (if
          (i32.le_s (i32.add (local.get $column0_1) (i32.const 4)) (i32.const 8))
          (then
            (loop $column0_1_loop
              (local.set $b0_at_2
                (i32.add (local.get $b0_at) (i32.shl (local.get $column0_1) (i32.const 2))))
              (local.set $b0_2 (v128.load (local.get $b0_at_2)))
              (local.set $x
                (f32x4.pmin
                  (f32x4.pmax
                    (f32x4.sub (local.get $b0_2) (local.get $result))
                    (v128.const f32x4 -87.68 -87.68 -87.68 -87.68))
                  (v128.const f32x4 89 89 89 89)))
              (local.set $shifted
                (f32x4.add
                  (f32x4.mul
                    (local.get $x)
                    (v128.const f32x4 1.4426950408889634 1.4426950408889634 1.4426950408889634 1.4426950408889634))
                  (v128.const f32x4 12583038 12583038 12583038 12583038)))
              (local.set $n
                (f32x4.sub
                  (local.get $shifted)
                  (v128.const f32x4 12583038 12583038 12583038 12583038)))
              (local.set $rest
                (f32x4.sub
                  (f32x4.sub
                    (local.get $x)
                    (f32x4.mul
                      (local.get $n)
                      (v128.const f32x4 0.693359375 0.693359375 0.693359375 0.693359375)))
                  (f32x4.mul
                    (local.get $n)
                    (v128.const f32x4 -0.00021219444005469057 -0.00021219444005469057 -0.00021219444005469057 -0.00021219444005469057))))
              (local.set $b1_at_1
                (i32.add (local.get $b1_at) (i32.shl (local.get $column0_1) (i32.const 2))))
              (v128.store
                (local.get $b1_at_1)
                (f32x4.mul
                  (f32x4.add
                    (f32x4.mul
                      (f32x4.add
                        (f32x4.mul
                          (f32x4.add
                            (f32x4.mul
                              (f32x4.add
                                (f32x4.mul
                                  (f32x4.add
                                    (f32x4.mul
                                      (f32x4.add
                                        (f32x4.mul
                                          (v128.const f32x4 0.00276759872213006 0.00276759872213006 0.00276759872213006 0.00276759872213006)
                                          (local.get $rest))
                                        (v128.const f32x4 0.01673833094537258 0.01673833094537258 0.01673833094537258 0.01673833094537258))
                                      (local.get $rest))
                                    (v128.const f32x4 0.08333620429039001 0.08333620429039001 0.08333620429039001 0.08333620429039001))
                                  (local.get $rest))
                                (v128.const f32x4 0.33333033323287964 0.33333033323287964 0.33333033323287964 0.33333033323287964))
                              (local.get $rest))
                            (v128.const f32x4 0.9999998807907104 0.9999998807907104 0.9999998807907104 0.9999998807907104))
                          (local.get $rest))
                        (v128.const f32x4 2 2 2 2))
                      (local.get $rest))
                    (v128.const f32x4 2 2 2 2))
                  (i32x4.shl (local.get $shifted) (i32.const 23))))
              (local.set $column0_1 (i32.add (local.get $column0_1) (i32.const 4)))
              (br_if $column0_1_loop
                (i32.le_s (i32.add (local.get $column0_1) (i32.const 4)) (i32.const 8))))))
        (local.set $total (f32.const 0))
        (local.set $total_1 (f32x4.splat (f32.const 0)))
        (local.set $column0_2 (i32.const 0))
        (if
          (i32.le_s (i32.add (local.get $column0_2) (i32.const 4)) (i32.const 8))
          (then
            (loop $column0_2_loop
              (local.set $b1_at_2
                (i32.add (local.get $b1_at) (i32.shl (local.get $column0_2) (i32.const 2))))
              (local.set $b1_1 (v128.load (local.get $b1_at_2)))
              (local.set $total_1 (f32x4.add (local.get $total_1) (local.get $b1_1)))
              (local.set $column0_2 (i32.add (local.get $column0_2) (i32.const 4)))
              (br_if $column0_2_loop
                (i32.le_s (i32.add (local.get $column0_2) (i32.const 4)) (i32.const 8))))))
        (local.set $total (f32.add (local.get $total) (f32x4.extract_lane 0 (local.get $total_1))))
        (local.set $total (f32.add (local.get $total) (f32x4.extract_lane 1 (local.get $total_1))))
        (local.set $total (f32.add (local.get $total) (f32x4.extract_lane 2 (local.get $total_1))))
        (local.set $total (f32.add (local.get $total) (f32x4.extract_lane 3 (local.get $total_1))))
        (local.set $column0_3 (i32.const 0))
        (local.set $binary (f32.div (f32.const 1) (local.get $total)))
        (local.set $binary_1 (f32x4.splat (local.get $binary)))
        (if
          (i32.le_s (i32.add (local.get $column0_3) (i32.const 4)) (i32.const 8))
          (then
            (loop $column0_3_loop
              (local.set $b1_at_3
                (i32.add (local.get $b1_at) (i32.shl (local.get $column0_3) (i32.const 2))))
              (local.set $b1_2 (v128.load (local.get $b1_at_3)))
              (v128.store (local.get $b1_at_3) (f32x4.mul (local.get $b1_2) (local.get $binary_1)))
              (local.set $column0_3 (i32.add (local.get $column0_3) (i32.const 4)))
              (br_if $column0_3_loop
                (i32.le_s (i32.add (local.get $column0_3) (i32.const 4)) (i32.const 8))))))
        (local.set $from (i32.add (local.get $from) (i32.const 1)))
        (br_if $from_loop (i32.lt_s (local.get $from) (local.get $to)))))))

