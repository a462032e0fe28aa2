;; A good component, but no plugin: it exports no hook.
(component
  (core module $m (func (export "run")))
  (core instance $i (instantiate $m))
  (func $run (canon lift (core func $i "run")))
  (instance $thing (export "run" (func $run)))
  (export "example:other/thing@1.0.0" (instance $thing))
)
