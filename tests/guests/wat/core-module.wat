;; A core module: someone forgot `wasm-tools component new`.
(module
  (memory (export "memory") 1)
  (func (export "phalanx:pipeline/pre-build@1.0.0#pre-build") (result i32) i32.const 0)
)
