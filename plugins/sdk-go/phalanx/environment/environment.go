// Package environment reads variables, once the manifest grants `env`.
package environment

import wire "phalanx-plugin/bindings/phalanx_pipeline_environment"

// Get gives a variable, when it is set and granted.
func Get(name string) (string, bool) { return wire.Get(name).Get() }
