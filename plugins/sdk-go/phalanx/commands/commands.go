// Package commands runs programs of the host's, once the manifest grants `commands`.
package commands

import (
	"go.bytecodealliance.org/pkg/wit/types"
	wire "phalanx-plugin/bindings/phalanx_pipeline_commands"
	"phalanx-plugin/phalanx"
)

// Command is a program to run, without a shell.
type Command struct {
	// Argv is the program and its arguments.
	Argv []string
	// Dir is the working directory inside the service's; empty for its root.
	Dir string
	// Env is added to the environment: names and values.
	Env [][2]string
	// Stdin is the program's input.
	Stdin []byte
}

// Output is what a program left.
type Output = wire.Output

// Run runs a program. An exit code is no error.
func Run(command Command) (Output, error) {
	asked := wire.Command{Argv: command.Argv, Stdin: command.Stdin}
	if command.Dir != "" {
		asked.Dir = wit_types.Some(command.Dir)
	}
	for _, pair := range command.Env {
		asked.Env = append(asked.Env, wit_types.Tuple2[string, string]{F0: pair[0], F1: pair[1]})
	}
	return phalanx.Ask(wire.Run(asked))
}
