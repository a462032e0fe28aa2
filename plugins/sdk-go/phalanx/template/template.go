// Package template reads the CloudFormation template as it stands.
package template

import (
	"encoding/json"
	"strings"

	"go.bytecodealliance.org/pkg/wit/types"
	wire "phalanx-plugin/bindings/phalanx_pipeline_template_view"
)

var escape = strings.NewReplacer("~", "~0", "/", "~1")

// Pointer is the JSON Pointer (RFC 6901) of its keys.
func Pointer(keys ...string) string {
	var pointer strings.Builder
	for _, key := range keys {
		pointer.WriteString("/" + escape.Replace(key))
	}
	return pointer.String()
}

// Property is the place of a resource's property.
func Property(logicalID string, path ...string) string {
	return Pointer("Resources", logicalID, "Properties") + Pointer(path...)
}

// Get reads the value at a pointer; false when there is none.
func Get(pointer string, value any) (bool, error) {
	text, found := wire.Get(pointer).Get()
	if !found {
		return false, nil
	}
	return true, json.Unmarshal([]byte(text), value)
}

// Has says whether there is a value at a pointer.
func Has(pointer string) bool {
	_, found := wire.Get(pointer).Get()
	return found
}

// LogicalIDs are all logical ids, in document order.
func LogicalIDs() []string { return wire.LogicalIds(wit_types.None[string]()) }

// OfType are the logical ids of one resource type, such as `AWS::SQS::Queue`.
func OfType(resourceType string) []string { return wire.LogicalIds(wit_types.Some(resourceType)) }

// Document is the whole document. Prefer Get: it is an order of magnitude cheaper on a large template.
func Document() (map[string]any, error) {
	var document map[string]any
	err := json.Unmarshal([]byte(wire.Document()), &document)
	return document, err
}
