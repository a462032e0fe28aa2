// Package plugin is the plugin with every hook, in Go.
package plugin

import (
	"strings"

	export "phalanx-plugin/bindings/phalanx_pipeline_template_validate"
	"phalanx-plugin/phalanx/artifacts"
	"phalanx-plugin/phalanx/context"
	"phalanx-plugin/phalanx/edit"
	"phalanx-plugin/phalanx/files"
	"phalanx-plugin/phalanx/log"
	"phalanx-plugin/phalanx/outcome"
	"phalanx-plugin/phalanx/run"
	"phalanx-plugin/phalanx/stack"
	"phalanx-plugin/phalanx/template"
)

func owner() (owner string, err error) {
	_, err = context.Get("owner", &owner)
	return owner, err
}

// PreBuild reads who owns the service.
func PreBuild() error {
	text, err := files.Read("OWNER")
	if err != nil {
		return err
	}
	owner := strings.TrimSpace(string(text))
	if err := context.Set("owner", owner); err != nil {
		return err
	}
	log.Infof("%s owns %s", owner, run.Service())
	return nil
}

// PostBuild writes it into each package.
func PostBuild() error {
	owner, err := owner()
	if err != nil {
		return err
	}
	for _, pack := range artifacts.List() {
		names, err := artifacts.Files(pack.Function)
		if err != nil {
			return err
		}
		if err := artifacts.Write(pack.Function, "OWNER", []byte(owner), 0o644); err != nil {
			return err
		}
		log.Infof("%s has %d files and an owner", pack.Function, len(names))
	}
	return nil
}

// DecorateService writes it into the template.
func DecorateService() error {
	owner, err := owner()
	if err != nil {
		return err
	}
	return edit.Set("/Metadata/Owner", owner)
}

// DecorateFunction lets a function know it.
func DecorateFunction(function, logicalID string) error {
	owner, err := owner()
	if err != nil {
		return err
	}
	if err := edit.Set(template.Property(logicalID, "Environment", "Variables", "OWNER"), owner); err != nil {
		return err
	}
	log.Infof("%s knows its owner", function)
	return nil
}

// Validate warns when nobody does.
func Validate() ([]export.Finding, error) {
	if template.Has("/Metadata/Owner") {
		return nil, nil
	}
	finding := export.Finding{Severity: "warning", Rule: "no-owner", At: "/Metadata", Message: "nobody owns this"}
	return []export.Finding{finding}, nil
}

// PostProvision tells the outputs.
func PostProvision() error {
	for _, output := range stack.Outputs() {
		log.Infof("%s: %s", output.Key, output.Value)
	}
	return nil
}

// Rollback tells what failed.
func Rollback() error {
	steps := strings.Join(outcome.Completed(), ", ")
	log.Warnf("%s failed after %s: %s", outcome.FailedStep(), steps, outcome.Error().Message)
	return nil
}

// PreDelete tells what goes.
func PreDelete() error {
	log.Infof("%s goes", run.StackName())
	return nil
}

// PostDelete tells what is gone.
func PostDelete() error {
	log.Infof("%s is gone", run.StackName())
	return nil
}
