// Package edit edits the template, in `template-decorate`. A plugin that does not import it cannot.
//
// Maps of Go have no order, so their keys are written sorted; structs keep the order of their fields.
package edit

import (
	"bytes"
	"encoding/json"
	"strings"

	"go.bytecodealliance.org/pkg/wit/types"
	wire "phalanx-plugin/bindings/phalanx_pipeline_template_edit"
	"phalanx-plugin/phalanx"
)

// Edit is one value and its place.
type Edit struct {
	Pointer string
	Value   any
}

func text(value any) (string, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return strings.TrimRight(buffer.String(), "\n"), err
}

// Set sets the value at a pointer, creating missing parents; a last key `-` appends to a list.
func Set(pointer string, value any) error {
	json, err := text(value)
	if err != nil {
		return err
	}
	return phalanx.Do(wire.Set(pointer, json))
}

// SetAll is many Sets in one call, all or none.
func SetAll(edits []Edit) error {
	pairs := make([]wit_types.Tuple2[string, string], 0, len(edits))
	for _, edit := range edits {
		json, err := text(edit.Value)
		if err != nil {
			return err
		}
		pairs = append(pairs, wit_types.Tuple2[string, string]{F0: edit.Pointer, F1: json})
	}
	return phalanx.Do(wire.SetAll(pairs))
}

// Add adds an entry to a section, such as `Resources`; it fails when the id is taken.
func Add(section, logicalID string, value any) error {
	json, err := text(value)
	if err != nil {
		return err
	}
	return phalanx.Do(wire.Add(section, logicalID, json))
}

// Merge applies a JSON Merge Patch (RFC 7396).
func Merge(pointer string, patch any) error {
	json, err := text(patch)
	if err != nil {
		return err
	}
	return phalanx.Do(wire.Merge(pointer, json))
}

// Remove removes the value at a pointer; true when it was there.
func Remove(pointer string) (bool, error) { return phalanx.Ask(wire.Remove(pointer)) }

// Replace replaces the whole document.
func Replace(document any) error {
	json, err := text(document)
	if err != nil {
		return err
	}
	return phalanx.Do(wire.Replace(json))
}
