// Package plugin decides how long queues keep their messages.
//
// Each hook call gets a new instance; what has to last from hook to hook goes into the context.
package plugin

import (
{{#post-build}}
	"encoding/json"
{{/}}
{{#template-validate}}
	"fmt"
{{/}}
{{#template-decorate}}
	"strconv"
{{/}}

{{#template-validate}}
	"go.bytecodealliance.org/pkg/wit/types"
	export "phalanx-plugin/bindings/phalanx_pipeline_template_validate"
{{/}}
{{#post-build}}
	"phalanx-plugin/phalanx/artifacts"
{{/}}
{{#pre-build}}
	"phalanx-plugin/phalanx/context"
{{/}}
{{#template-decorate}}
	"phalanx-plugin/phalanx/edit"
{{/}}
{{#pre-build template-decorate post-provision rollback teardown}}
	"phalanx-plugin/phalanx/log"
{{/}}
{{#rollback}}
	"phalanx-plugin/phalanx/outcome"
{{/}}
	"phalanx-plugin/phalanx/run"
{{#post-provision}}
	"phalanx-plugin/phalanx/stack"
{{/}}
{{#template-decorate template-validate}}
	"phalanx-plugin/phalanx/template"
{{/}}
)

// Config is the plugin's config: `config = { days = 4 }` in a service's manifest.
type Config struct {
	// Days that a queue keeps a message.
	Days int `json:"days"`
}

// ConfigSchema is what the host checks a service's config with before anything runs.
const ConfigSchema = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "properties": {
    "days": {
      "type": "integer", "minimum": 1, "maximum": 14, "default": 4,
      "description": "Days that a queue keeps a message."
    }
  },
  "additionalProperties": false
}`

func config() (Config, error) {
	config := Config{Days: 4}
	err := run.Config(&config)
	return config, err
}
{{#pre-build}}

// PreBuild runs before the service is built: what is found out here, the hooks after it can read.
func PreBuild() error {
	config, err := config()
	if err != nil {
		return err
	}
	if err := context.Set("{{name}}.days", config.Days); err != nil {
		return err
	}
	log.Infof("queues of `%s` keep messages for %d days", run.Service(), config.Days)
	return nil
}
{{/}}
{{#post-build}}

// PostBuild runs after the build: files that are written here go into the functions' packages.
func PostBuild() error {
	facts := map[string]string{"service": run.Service(), "stage": run.Stage()}
	text, err := json.Marshal(facts)
	if err != nil {
		return err
	}
	for _, pack := range artifacts.List() {
		if err := artifacts.Write(pack.Function, "service.json", text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
{{/}}
{{#template-decorate}}

// DecorateService edits the template, once for the service. All edits are kept, or none when a hook gives an error;
// each is known as this plugin's.
func DecorateService() error {
	config, err := config()
	if err != nil {
		return err
	}
	for _, queue := range template.OfType("AWS::SQS::Queue") {
		period := template.Property(queue, "MessageRetentionPeriod")
		// What the service says itself, it shall have.
		if template.Has(period) {
			continue
		}
		if err := edit.Set(period, config.Days*86_400); err != nil {
			return err
		}
		log.Infof("`%s` keeps its messages for %d days", queue, config.Days)
	}
	return nil
}

// DecorateFunction runs once for each function that names this plugin in `decorators`.
func DecorateFunction(function, logicalID string) error {
	config, err := config()
	if err != nil {
		return err
	}
	place := template.Property(logicalID, "Environment", "Variables", "MESSAGE_DAYS")
	if err := edit.Set(place, strconv.Itoa(config.Days)); err != nil {
		return err
	}
	log.Infof("`%s` knows how long messages are kept", function)
	return nil
}
{{/}}
{{#template-validate}}

// Validate judges the final template. An error stops the run; a warning or a note is shown.
func Validate() ([]export.Finding, error) {
	config, err := config()
	if err != nil {
		return nil, err
	}
	findings := []export.Finding{}
	for _, queue := range template.OfType("AWS::SQS::Queue") {
		period := template.Property(queue, "MessageRetentionPeriod")
		if template.Has(period) {
			continue
		}
		hint := fmt.Sprintf("set `MessageRetentionPeriod`, such as to %d", config.Days*86_400)
		findings = append(findings, export.Finding{
			Severity: "warning",
			Rule:     "queue-retention",
			At:       period,
			Message:  fmt.Sprintf("`%s` does not say how long it keeps its messages", queue),
			Hint:     wit_types.Some(hint),
		})
	}
	return findings, nil
}
{{/}}
{{#post-provision}}

// PostProvision runs after the stack was created or updated.
func PostProvision() error {
	for _, output := range stack.Outputs() {
		log.Infof("output %s is %s", output.Key, output.Value)
	}
	return nil
}
{{/}}
{{#rollback}}

// Rollback runs after any step failed: undo what this plugin did outside the template.
func Rollback() error {
	log.Infof("`%s` failed: %s", outcome.FailedStep(), outcome.Error().Message)
	return nil
}
{{/}}
{{#teardown}}

// PreDelete runs before the stack is deleted.
func PreDelete() error {
	log.Infof("stack `%s` is about to go", run.StackName())
	return nil
}

// PostDelete runs after it was deleted.
func PostDelete() error {
	log.Infof("stack `%s` is gone", run.StackName())
	return nil
}
{{/}}
