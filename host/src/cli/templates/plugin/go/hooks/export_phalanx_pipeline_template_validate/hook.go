{{#template-validate}}
// Package export_phalanx_pipeline_template_validate hands the hook `template-validate` to the plugin.
package export_phalanx_pipeline_template_validate

import (
	"go.bytecodealliance.org/pkg/wit/types"
	export "phalanx-plugin/bindings/phalanx_pipeline_template_validate"
	wire "phalanx-plugin/bindings/phalanx_pipeline_types"
	"phalanx-plugin/phalanx"
	"phalanx-plugin/plugin"
)

func Validate() wit_types.Result[[]export.Finding, wire.Failure] {
	return phalanx.TellOf(plugin.Validate)
}
{{/}}
