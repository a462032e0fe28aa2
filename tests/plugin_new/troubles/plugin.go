package plugin

import (
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"phalanx-plugin/phalanx"
	"phalanx-plugin/phalanx/edit"
	"phalanx-plugin/phalanx/run"
)

const ConfigSchema = `{}`

func deep(values map[string]int) {
	values["missing"] = 1
}

func again(n int) int {
	return again(n+1) + 1
}

func DecorateService() error {
	var config struct{ Mode string }
	if err := run.Config(&config); err != nil {
		return err
	}
	fmt.Println("mode", config.Mode)
	switch config.Mode {
	case "failure":
		failure := phalanx.Fail("no-topic", "the topic is missing").WithHint("add it")
		return fmt.Errorf("cannot tell: %w", failure)
	case "host":
		return edit.Add("Nonsense", "X", 1)
	case "exception":
		deep(nil)
	case "loop":
		for {
		}
	case "recurse":
		fmt.Println(again(0))
	case "memory":
		held := [][]byte{}
		for {
			held = append(held, make([]byte, 1_000_000))
		}
	case "flood":
		for range 4000 {
			fmt.Println(strings.Repeat("x", 1000))
		}
	case "network":
		_, err := net.Dial("tcp", "127.0.0.1:9")
		return err
	case "file":
		_, err := os.ReadFile("/etc/passwd")
		return err
	case "time":
		return phalanx.Fail("time", "%s", time.Now().UTC().Format(time.DateOnly))
	}
	return nil
}

func DecorateFunction(function, logicalID string) error {
	return nil
}
