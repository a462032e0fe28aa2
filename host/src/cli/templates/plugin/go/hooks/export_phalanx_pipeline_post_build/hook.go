{{#post-build}}
// Package export_phalanx_pipeline_post_build hands the hook `post-build` to the plugin.
package export_phalanx_pipeline_post_build

import (
	"go.bytecodealliance.org/pkg/wit/types"
	wire "phalanx-plugin/bindings/phalanx_pipeline_types"
	"phalanx-plugin/phalanx"
	"phalanx-plugin/plugin"
)

func PostBuild() wit_types.Result[wit_types.Unit, wire.Failure] {
	return phalanx.Tell(plugin.PostBuild)
}
{{/}}
