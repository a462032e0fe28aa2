// Package outcome tells how a run went wrong, in `rollback`.
package outcome

import (
	wire "phalanx-plugin/bindings/phalanx_pipeline_outcome"
	"phalanx-plugin/phalanx"
)

// FailedStep is the step that failed, or the hook at which a plugin did.
func FailedStep() string { return wire.FailedStep() }

// Completed are the steps that had completed, in order.
func Completed() []string { return wire.Completed() }

// Error is the error as people see it.
func Error() *phalanx.Failure {
	failure := wire.Error()
	hint, _ := failure.Hint.Get()
	return &phalanx.Failure{Code: failure.Code, Message: failure.Message, Hint: hint}
}
