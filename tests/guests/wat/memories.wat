;; Grows four memories in turn, each by 1 MiB: none is large when their sum is.
(component
  (import "phalanx:pipeline/types@1.0.0" (instance $types
    (type $record (record
      (field "code" string) (field "message" string) (field "hint" (option string))))
    (export "failure" (type (eq $record)))))
  (alias export $types "failure" (type $failure))
  (core module $m
    (memory (export "memory") 1)
    (memory $b 1)
    (memory $c 1)
    (memory $d 1)
    (func (export "run") (result i32)
      (loop $again
        ;; A host that refuses to grow without trapping ends in `unreachable`.
        (if (i32.eq (memory.grow 0 (i32.const 16)) (i32.const -1)) (then unreachable))
        (if (i32.eq (memory.grow $b (i32.const 16)) (i32.const -1)) (then unreachable))
        (if (i32.eq (memory.grow $c (i32.const 16)) (i32.const -1)) (then unreachable))
        (if (i32.eq (memory.grow $d (i32.const 16)) (i32.const -1)) (then unreachable))
        (br $again))
      unreachable))
  (core instance $i (instantiate $m))
  (func $hook (result (result (error $failure)))
    (canon lift (core func $i "run") (memory $i "memory")))
  (instance $pre-build (export "pre-build" (func $hook)))
  (export "phalanx:pipeline/pre-build@1.0.0" (instance $pre-build))
)
