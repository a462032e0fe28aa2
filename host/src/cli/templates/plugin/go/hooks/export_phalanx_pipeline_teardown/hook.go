{{#teardown}}
// Package export_phalanx_pipeline_teardown hands the hook `teardown` to the plugin.
package export_phalanx_pipeline_teardown

import (
	"go.bytecodealliance.org/pkg/wit/types"
	wire "phalanx-plugin/bindings/phalanx_pipeline_types"
	"phalanx-plugin/phalanx"
	"phalanx-plugin/plugin"
)

func PreDelete() wit_types.Result[wit_types.Unit, wire.Failure] {
	return phalanx.Tell(plugin.PreDelete)
}

func PostDelete() wit_types.Result[wit_types.Unit, wire.Failure] {
	return phalanx.Tell(plugin.PostDelete)
}
{{/}}
