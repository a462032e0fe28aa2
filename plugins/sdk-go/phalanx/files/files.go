// Package files reads files of the service, once the manifest grants `files`.
package files

import (
	wire "phalanx-plugin/bindings/phalanx_pipeline_files"
	"phalanx-plugin/phalanx"
)

// List is the files that match a glob, sorted.
func List(glob string) ([]string, error) { return phalanx.Ask(wire.List(glob)) }

// Read gives the bytes of a file.
func Read(path string) ([]byte, error) { return phalanx.Ask(wire.Read(path)) }
