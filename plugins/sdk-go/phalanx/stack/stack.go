// Package stack tells of the deployed stack, in `post-provision` and `teardown`.
package stack

import wire "phalanx-plugin/bindings/phalanx_pipeline_stack"

// Resource is one resource as CloudFormation made it.
type Resource = wire.StackResource

// Output is an output of the stack.
type Output struct {
	Key, Value string
}

// ID is the stack's ARN.
func ID() string { return wire.Id() }

// Created is true when this run created it.
func Created() bool { return wire.Created() }

// Unchanged is true when this run changed nothing.
func Unchanged() bool { return wire.Unchanged() }

// Resources are its resources, sorted by logical id.
func Resources() []Resource { return wire.Resources() }

// Outputs are its outputs, sorted by key.
func Outputs() []Output {
	outputs := []Output{}
	for _, pair := range wire.Outputs() {
		outputs = append(outputs, Output{pair.F0, pair.F1})
	}
	return outputs
}
