// Package phalanx has what the hooks of a plugin in Go have in common: errors, and what the host is told of them.
package phalanx

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"go.bytecodealliance.org/pkg/wit/types"
	"phalanx-plugin/bindings/phalanx_pipeline_log"
	wire "phalanx-plugin/bindings/phalanx_pipeline_types"
)

// Failure says why a call or a hook cannot go on. A hook that returns one has its edits undone, and the run stops.
type Failure struct {
	// Code is short, stable and in kebab-case, for scripts.
	Code string
	// Message is one sentence: what failed, on which thing.
	Message string
	// Hint says what to do now; empty when nobody knows.
	Hint string
}

// Error is the message.
func (failure *Failure) Error() string {
	return failure.Message
}

// Fail makes a Failure without a hint.
func Fail(code, format string, arguments ...any) *Failure {
	return &Failure{Code: code, Message: fmt.Sprintf(format, arguments...)}
}

// WithHint adds what to do.
func (failure *Failure) WithHint(format string, arguments ...any) *Failure {
	failure.Hint = fmt.Sprintf(format, arguments...)
	return failure
}

// Ask makes an error of what the host refuses.
func Ask[T any](result wit_types.Result[T, wire.Failure]) (T, error) {
	if result.Tag() == wit_types.ResultOk {
		return result.Ok(), nil
	}
	var nothing T
	refused := result.Err()
	hint, _ := refused.Hint.Get()
	return nothing, &Failure{Code: refused.Code, Message: refused.Message, Hint: hint}
}

// Do is Ask for what gives nothing.
func Do(result wit_types.Result[wit_types.Unit, wire.Failure]) error {
	_, err := Ask(result)
	return err
}

// Tell runs a hook and makes of its error what the host is told. A panic is the failure `panic`, and its stack goes
// to the log.
func Tell(hook func() error) wit_types.Result[wit_types.Unit, wire.Failure] {
	return TellOf(func() (wit_types.Unit, error) { return wit_types.Unit{}, hook() })
}

// TellOf is Tell for a hook that gives something.
func TellOf[T any](hook func() (T, error)) (told wit_types.Result[T, wire.Failure]) {
	defer func() {
		if reason := recover(); reason != nil {
			for line := range strings.Lines(string(debug.Stack())) {
				phalanx_pipeline_log.Log("error", strings.TrimRight(line, "\n"))
			}
			told = refuse[T](Fail("panic", "panic: %v", reason))
		}
	}()
	value, err := hook()
	if err == nil {
		return wit_types.Ok[T, wire.Failure](value)
	}
	var failure *Failure
	if !errors.As(err, &failure) {
		failure = Fail("error", "%v", err)
	} else if err.Error() != failure.Message {
		// It was wrapped: what is around it is worth telling.
		failure = &Failure{Code: failure.Code, Message: err.Error(), Hint: failure.Hint}
	}
	return refuse[T](failure)
}

func refuse[T any](failure *Failure) wit_types.Result[T, wire.Failure] {
	told := wire.Failure{Code: failure.Code, Message: failure.Message}
	if failure.Hint != "" {
		told.Hint = wit_types.Some(failure.Hint)
	}
	return wit_types.Err[T](told)
}
