;; Imports WASI 0.3, which the host refuses.
(component
  (import "phalanx:pipeline/types@1.0.0" (instance $types
    (type $record (record
      (field "code" string) (field "message" string) (field "hint" (option string))))
    (export "failure" (type (eq $record)))))
  (alias export $types "failure" (type $failure))
  (import "wasi:random/random@0.3.0" (instance (export "get-random-u64" (func (result u64)))))
  (core module $m
    (memory (export "memory") 1)
    ;; The result is at address 0, where the memory is zero: ok.
    (func (export "run") (result i32) i32.const 0))
  (core instance $i (instantiate $m))
  (func $hook (result (result (error $failure)))
    (canon lift (core func $i "run") (memory $i "memory")))
  (instance $pre-build (export "pre-build" (func $hook)))
  (export "phalanx:pipeline/pre-build@1.0.0" (instance $pre-build))
)
