// Package context is the shared context: one map that all hooks of all plugins of a run see.
package context

import (
	"encoding/json"

	wire "phalanx-plugin/bindings/phalanx_pipeline_context"
	"phalanx-plugin/phalanx"
)

// Get reads the value of a key; false when there is none.
func Get(key string, value any) (bool, error) {
	text, found := wire.Get(key).Get()
	if !found {
		return false, nil
	}
	return true, json.Unmarshal([]byte(text), value)
}

// Set sets a key; it fails when another plugin wrote it.
func Set(key string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return phalanx.Do(wire.Set(key, string(text)))
}

// Remove removes a key; true when it was there.
func Remove(key string) (bool, error) { return phalanx.Ask(wire.Remove(key)) }

// Keys are all keys, sorted.
func Keys() []string { return wire.Keys() }
