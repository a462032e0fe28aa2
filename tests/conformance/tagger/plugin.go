// Package plugin is the tagger in Go.
package plugin

import (
	"strings"

	"phalanx-plugin/phalanx"
	"phalanx-plugin/phalanx/commands"
	"phalanx-plugin/phalanx/context"
	"phalanx-plugin/phalanx/edit"
	"phalanx-plugin/phalanx/log"
	"phalanx-plugin/phalanx/run"
	"phalanx-plugin/phalanx/template"
)

type tag struct {
	Key, Value string
}

type resource struct {
	Type       string
	Properties queue
}

type queue struct {
	MessageRetentionPeriod int
}

func team() (string, error) {
	var config struct{ Team string }
	err := run.Config(&config)
	return config.Team, err
}

// PreBuild leaves the team in the context.
func PreBuild() error {
	team, err := team()
	if err != nil {
		return err
	}
	if err := context.Set("tagger.team", team); err != nil {
		return err
	}
	log.Infof("the team is %s", team)
	return nil
}

// DecorateService adds a queue and tags all of them.
func DecorateService() error {
	team, err := team()
	if err != nil {
		return err
	}
	if team == "nobody" {
		return phalanx.Fail("no-owner", "`nobody` owns nothing").WithHint("name a team in `config`")
	}
	output, err := commands.Run(commands.Command{Argv: []string{"git", "rev-parse", "HEAD"}})
	if err != nil {
		return err
	}
	audit := resource{"AWS::SQS::Queue", queue{1_209_600}}
	if err := edit.Add("Resources", "AuditQueue", audit); err != nil {
		return err
	}
	queues := template.OfType("AWS::SQS::Queue")
	for _, queue := range queues {
		if err := edit.Set(template.Property(queue, "Tags", "-"), tag{"team", team}); err != nil {
			return err
		}
	}
	if err := edit.Set("/Metadata/Commit", strings.TrimSpace(string(output.Stdout))); err != nil {
		return err
	}
	log.Infof("tagged %d queues", len(queues))
	return nil
}

// DecorateFunction tags a function.
func DecorateFunction(function, logicalID string) error {
	team, err := team()
	if err != nil {
		return err
	}
	return edit.Set(template.Property(logicalID, "Tags", "-"), tag{"team", team})
}
