{{#post-provision}}
// Package export_phalanx_pipeline_post_provision hands the hook `post-provision` to the plugin.
package export_phalanx_pipeline_post_provision

import (
	"go.bytecodealliance.org/pkg/wit/types"
	wire "phalanx-plugin/bindings/phalanx_pipeline_types"
	"phalanx-plugin/phalanx"
	"phalanx-plugin/plugin"
)

func PostProvision() wit_types.Result[wit_types.Unit, wire.Failure] {
	return phalanx.Tell(plugin.PostProvision)
}
{{/}}
