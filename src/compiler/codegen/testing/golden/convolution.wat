;; clear: padding of x.copy, 1 units
;; map: copy of x, 3 units
;; convolution: Conv c + 2, 1 units
(func $convolution (param $input i32) (param $filters i32) (param $b0 i32) (param $b1 i32) (param $b2 i32) (param $from i32) (param $to i32)
  (local $unit i32) (local $first_tile i32) (local $after_tile i32) (local $panel i32) (local $after_panel i32) (local $panel_of_group i32) (local $filter i32) (local $panel_at i32) (local $group_at i32) (local $tile i32) (local $line i32) (local $line_tile i32) (local $column i32) (local $after_column i32) (local $y i32) (local $plane i32) (local $z i32) (local $batch i32) (local $line_at i32) (local $x i32) (local $b2_at i32) (local $sum v128) (local $sum_1 v128) (local $sum_2 v128) (local $in i32) (local $weights i32) (local $tap_y i32) (local $after_run i32) (local $column_1 v128) (local $pixel v128) (local $pixel_1 v128) (local $pixel_2 v128) (local $b1_at i32) (local $b1_at_1 i32) (local $b1_at_2 i32) (local $lanes v128) (local $b0_at i32) (local $b0_at_1 i32) (local $b0_at_2 i32) (local $lanes_1 v128) (local $lanes_2 v128)
  (local.set $unit (local.get $from))
  (if
    (i32.lt_s (local.get $unit) (local.get $to))
    (then
      (loop $unit_loop
        (local.set $first_tile (i32.mul (local.get $unit) (i32.const 3)))
        (local.set $after_tile (i32.add (local.get $first_tile) (i32.const 3)))
        (local.set $after_tile
          (select
            (local.get $after_tile)
            (i32.const 3)
            (i32.lt_s (local.get $after_tile) (i32.const 3))))
        (local.set $panel (i32.const 0))
        (local.set $after_panel (i32.add (local.get $panel) (i32.const 1)))
        (local.set $after_panel
          (select
            (local.get $after_panel)
            (i32.const 1)
            (i32.lt_s (local.get $after_panel) (i32.const 1))))
        (if
          (i32.lt_s (local.get $panel) (local.get $after_panel))
          (then
            (loop $panel_loop
              (local.set $panel_of_group (local.get $panel))
              (local.set $filter (i32.mul (local.get $panel_of_group) (i32.const 4)))
              (local.set $panel_at
                (i32.add (local.get $filters) (i32.mul (local.get $panel_of_group) (i32.const 288))))
              (local.set $group_at (local.get $input))
              (local.set $tile (local.get $first_tile))
              (local.set $b2_at
                (i32.add (local.get $b2) (i32.shl (local.get $filter) (i32.const 2))))
              (local.set $b1_at
                (i32.add (local.get $b1) (i32.mul (local.get $filter) (i32.const 36))))
              (local.set $b0_at
                (i32.add (local.get $b0) (i32.mul (local.get $filter) (i32.const 36))))
              (loop $lines
                (local.set $line (local.get $tile))
                (local.set $line_tile (local.get $line))
                (local.set $column (i32.sub (local.get $tile) (local.get $line_tile)))
                (local.set $after_column (i32.sub (local.get $after_tile) (local.get $line_tile)))
                (local.set $after_column
                  (select
                    (local.get $after_column)
                    (i32.const 1)
                    (i32.lt_s (local.get $after_column) (i32.const 1))))
                (local.set $y (i32.rem_u (local.get $line) (i32.const 3)))
                (local.set $plane (i32.div_u (local.get $line) (i32.const 3)))
                (local.set $z (i32.const 0))
                (local.set $batch (local.get $plane))
                (local.set $line_at
                  (i32.add
                    (i32.add (local.get $group_at) (i32.mul (local.get $batch) (i32.const 200)))
                    (i32.mul (local.get $y) (i32.const 40))))
                (local.set $b1_at_1
                  (i32.add (local.get $b1_at) (i32.mul (local.get $y) (i32.const 12))))
                (local.set $b0_at_1
                  (i32.add (local.get $b0_at) (i32.mul (local.get $y) (i32.const 12))))
                (if
                  (i32.lt_s (local.get $column) (local.get $after_column))
                  (then
                    (loop $column_loop
                      (local.set $x (i32.mul (local.get $column) (i32.const 3)))
                      (local.set $x
                        (select
                          (local.get $x)
                          (i32.const 0)
                          (i32.lt_s (local.get $x) (i32.const 0))))
                      (local.set $sum (v128.load (local.get $b2_at)))
                      (local.set $sum_1 (local.get $sum))
                      (local.set $sum_2 (local.get $sum))
                      (local.set $in
                        (i32.add (local.get $line_at) (i32.mul (local.get $x) (i32.const 8))))
                      (local.set $weights (local.get $panel_at))
                      (local.set $tap_y (i32.const 3))
                      (loop $tap_y_loop
                        (local.set $after_run (i32.add (local.get $in) (i32.const 24)))
                        (loop $run
                          (local.set $column_1 (v128.load (local.get $weights)))
                          (local.set $pixel (v128.load32_splat (local.get $in)))
                          (local.set $sum
                            (f32x4.add
                              (f32x4.mul (local.get $pixel) (local.get $column_1))
                              (local.get $sum)))
                          (local.set $pixel_1 (v128.load32_splat offset=8 (local.get $in)))
                          (local.set $sum_1
                            (f32x4.add
                              (f32x4.mul (local.get $pixel_1) (local.get $column_1))
                              (local.get $sum_1)))
                          (local.set $pixel_2 (v128.load32_splat offset=16 (local.get $in)))
                          (local.set $sum_2
                            (f32x4.add
                              (f32x4.mul (local.get $pixel_2) (local.get $column_1))
                              (local.get $sum_2)))
                          (local.set $in (i32.add (local.get $in) (i32.const 4)))
                          (local.set $weights (i32.add (local.get $weights) (i32.const 16)))
                          (br_if $run (i32.lt_u (local.get $in) (local.get $after_run))))
                        (local.set $in (i32.add (local.get $in) (i32.const 16)))
                        (br_if $tap_y_loop
                          (local.tee $tap_y (i32.sub (local.get $tap_y) (i32.const 1)))))
                      (local.set $b1_at_2
                        (i32.add (local.get $b1_at_1) (i32.shl (local.get $x) (i32.const 2))))
                      (local.set $lanes
                        (f32x4.pmax
                          (f32x4.add
                            (local.get $sum)
                            (v128.load32_lane offset=108 3
                              (local.get $b1_at_2)
                              (v128.load32_lane offset=72 2
                                (local.get $b1_at_2)
                                (v128.load32_lane offset=36 1
                                  (local.get $b1_at_2)
                                  (v128.load32_splat (local.get $b1_at_2))))))
                          (v128.const f32x4 0 0 0 0)))
                      (local.set $b0_at_2
                        (i32.add (local.get $b0_at_1) (i32.shl (local.get $x) (i32.const 2))))
                      (f32.store (local.get $b0_at_2) (f32x4.extract_lane 0 (local.get $lanes)))
                      (f32.store offset=36
                        (local.get $b0_at_2)
                        (f32x4.extract_lane 1 (local.get $lanes)))
                      (f32.store offset=72
                        (local.get $b0_at_2)
                        (f32x4.extract_lane 2 (local.get $lanes)))
                      (f32.store offset=108
                        (local.get $b0_at_2)
                        (f32x4.extract_lane 3 (local.get $lanes)))
                      (local.set $lanes_1
                        (f32x4.pmax
                          (f32x4.add
                            (local.get $sum_1)
                            (v128.load32_lane offset=112 3
                              (local.get $b1_at_2)
                              (v128.load32_lane offset=76 2
                                (local.get $b1_at_2)
                                (v128.load32_lane offset=40 1
                                  (local.get $b1_at_2)
                                  (v128.load32_splat offset=4 (local.get $b1_at_2))))))
                          (v128.const f32x4 0 0 0 0)))
                      (f32.store offset=4
                        (local.get $b0_at_2)
                        (f32x4.extract_lane 0 (local.get $lanes_1)))
                      (f32.store offset=40
                        (local.get $b0_at_2)
                        (f32x4.extract_lane 1 (local.get $lanes_1)))
                      (f32.store offset=76
                        (local.get $b0_at_2)
                        (f32x4.extract_lane 2 (local.get $lanes_1)))
                      (f32.store offset=112
                        (local.get $b0_at_2)
                        (f32x4.extract_lane 3 (local.get $lanes_1)))
                      (local.set $lanes_2
                        (f32x4.pmax
                          (f32x4.add
                            (local.get $sum_2)
                            (v128.load32_lane offset=116 3
                              (local.get $b1_at_2)
                              (v128.load32_lane offset=80 2
                                (local.get $b1_at_2)
                                (v128.load32_lane offset=44 1
                                  (local.get $b1_at_2)
                                  (v128.load32_splat offset=8 (local.get $b1_at_2))))))
                          (v128.const f32x4 0 0 0 0)))
                      (f32.store offset=8
                        (local.get $b0_at_2)
                        (f32x4.extract_lane 0 (local.get $lanes_2)))
                      (f32.store offset=44
                        (local.get $b0_at_2)
                        (f32x4.extract_lane 1 (local.get $lanes_2)))
                      (f32.store offset=80
                        (local.get $b0_at_2)
                        (f32x4.extract_lane 2 (local.get $lanes_2)))
                      (f32.store offset=116
                        (local.get $b0_at_2)
                        (f32x4.extract_lane 3 (local.get $lanes_2)))
                      (local.set $column (i32.add (local.get $column) (i32.const 1)))
                      (br_if $column_loop (i32.lt_s (local.get $column) (local.get $after_column))))))
                (local.set $tile (i32.add (local.get $line_tile) (local.get $after_column)))
                (br_if $lines (i32.lt_s (local.get $tile) (local.get $after_tile))))
              (local.set $panel (i32.add (local.get $panel) (i32.const 1)))
              (br_if $panel_loop (i32.lt_s (local.get $panel) (local.get $after_panel))))))
        (local.set $unit (i32.add (local.get $unit) (i32.const 1)))
        (br_if $unit_loop (i32.lt_s (local.get $unit) (local.get $to)))))))

