{{#template-decorate}}
// Package export_phalanx_pipeline_template_decorate hands the hook `template-decorate` to the plugin.
package export_phalanx_pipeline_template_decorate

import (
	"go.bytecodealliance.org/pkg/wit/types"
	wire "phalanx-plugin/bindings/phalanx_pipeline_types"
	"phalanx-plugin/phalanx"
	"phalanx-plugin/plugin"
)

func DecorateService() wit_types.Result[wit_types.Unit, wire.Failure] {
	return phalanx.Tell(plugin.DecorateService)
}

func DecorateFunction(function, logicalID string) wit_types.Result[wit_types.Unit, wire.Failure] {
	return phalanx.Tell(func() error { return plugin.DecorateFunction(function, logicalID) })
}
{{/}}
