// Package run tells of the run under way: facts, and this plugin's config.
package run

import (
	"encoding/json"

	wire "phalanx-plugin/bindings/phalanx_pipeline_run"
)

// Service is the service's name.
func Service() string { return wire.Service() }

// Stage is the stage that is being deployed.
func Stage() string { return wire.Stage() }

// StackName is the name of the CloudFormation stack.
func StackName() string { return wire.StackName() }

// Region is the AWS region.
func Region() string { return wire.Region() }

// Account is the AWS account, when it is known.
func Account() (string, bool) { return wire.Account().Get() }

// BuildID is the digest of everything that goes into the build; empty before the packages are sealed.
func BuildID() string { return wire.BuildId() }

// DryRun is true when nothing outside this machine may be changed.
func DryRun() bool { return wire.DryRun() }

// Config reads this plugin's `config` from the manifest into a struct that has its defaults. The host has held it
// against the plugin's schema.
func Config(config any) error {
	return json.Unmarshal([]byte(wire.Config()), config)
}
