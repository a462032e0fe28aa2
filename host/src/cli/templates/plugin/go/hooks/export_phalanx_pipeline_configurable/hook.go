// Package export_phalanx_pipeline_configurable hands the hook `configurable` to the plugin.
package export_phalanx_pipeline_configurable

import (
	"phalanx-plugin/plugin"
)

func ConfigSchema() string {
	return plugin.ConfigSchema
}
