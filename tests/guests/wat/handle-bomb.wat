;; Opens 10,000 timers of WASI and drops none.
(component
  (import "phalanx:pipeline/types@1.0.0" (instance $types
    (type $record (record
      (field "code" string) (field "message" string) (field "hint" (option string))))
    (export "failure" (type (eq $record)))))
  (alias export $types "failure" (type $failure))
  (import "wasi:io/poll@0.2.0" (instance $poll (export "pollable" (type (sub resource)))))
  (alias export $poll "pollable" (type $pollable))
  (import "wasi:clocks/monotonic-clock@0.2.0" (instance $clock
    (alias outer 1 $pollable (type $outer))
    (export "pollable" (type $timer (eq $outer)))
    (export "subscribe-duration" (func (param "when" u64) (result (own $timer))))))
  (core func $subscribe (canon lower (func $clock "subscribe-duration")))
  (core module $m
    (import "clock" "subscribe" (func $subscribe (param i64) (result i32)))
    (memory (export "memory") 1)
    (func (export "run") (result i32)
      (local $n i32)
      (loop $again
        (drop (call $subscribe (i64.const 1)))
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br_if $again (i32.lt_u (local.get $n) (i32.const 10000))))
      i32.const 0))
  (core instance $i (instantiate $m
    (with "clock" (instance (export "subscribe" (func $subscribe))))))
  (func $hook (result (result (error $failure)))
    (canon lift (core func $i "run") (memory $i "memory")))
  (instance $pre-build (export "pre-build" (func $hook)))
  (export "phalanx:pipeline/pre-build@1.0.0" (instance $pre-build))
)
