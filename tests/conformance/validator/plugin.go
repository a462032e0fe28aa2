// Package plugin is the validator in Go.
package plugin

import (
	"go.bytecodealliance.org/pkg/wit/types"
	export "phalanx-plugin/bindings/phalanx_pipeline_template_validate"
	"phalanx-plugin/phalanx/template"
)

// Validate finds queues without tags.
func Validate() ([]export.Finding, error) {
	findings := []export.Finding{}
	for _, queue := range template.OfType("AWS::SQS::Queue") {
		tags := template.Property(queue, "Tags")
		if !template.Has(tags) {
			message := "`" + queue + "` has no tags"
			findings = append(findings, export.Finding{
				Severity: "error", Rule: "untagged", At: tags, Message: message, Hint: wit_types.Some("add `Tags`"),
			})
		}
	}
	return findings, nil
}
