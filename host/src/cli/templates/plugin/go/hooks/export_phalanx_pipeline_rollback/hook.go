{{#rollback}}
// Package export_phalanx_pipeline_rollback hands the hook `rollback` to the plugin.
package export_phalanx_pipeline_rollback

import (
	"go.bytecodealliance.org/pkg/wit/types"
	wire "phalanx-plugin/bindings/phalanx_pipeline_types"
	"phalanx-plugin/phalanx"
	"phalanx-plugin/plugin"
)

func Rollback() wit_types.Result[wit_types.Unit, wire.Failure] {
	return phalanx.Tell(plugin.Rollback)
}
{{/}}
