// Package artifacts works on the functions' packages, in `post-build`.
package artifacts

import (
	wire "phalanx-plugin/bindings/phalanx_pipeline_artifacts"
	"phalanx-plugin/phalanx"
)

// Artifact is one packaged function.
type Artifact = wire.Artifact

// List is all packaged functions, in manifest order.
func List() []Artifact { return wire.List() }

// Files are the names of the files in a function's package, sorted.
func Files(function string) ([]string, error) { return phalanx.Ask(wire.Files(function)) }

// Read gives the bytes of one file of a function's package.
func Read(function, path string) ([]byte, error) { return phalanx.Ask(wire.Read(function, path)) }

// Write adds a file to a function's package, or replaces it; the mode is 0o644 or 0o755.
func Write(function, path string, content []byte, mode uint32) error {
	return phalanx.Do(wire.Write(function, path, content, mode))
}
