// Package log writes to the run's log, under the plugin's name. What is printed goes there, too.
package log

import (
	"fmt"

	wire "phalanx-plugin/bindings/phalanx_pipeline_log"
)

// Debugf is for whoever looks into the plugin.
func Debugf(format string, arguments ...any) { wire.Log("debug", fmt.Sprintf(format, arguments...)) }

// Infof is for everybody.
func Infof(format string, arguments ...any) { wire.Log("info", fmt.Sprintf(format, arguments...)) }

// Warnf is for what somebody should look at.
func Warnf(format string, arguments ...any) { wire.Log("warn", fmt.Sprintf(format, arguments...)) }

// Errorf is for what is wrong.
func Errorf(format string, arguments ...any) { wire.Log("error", fmt.Sprintf(format, arguments...)) }
