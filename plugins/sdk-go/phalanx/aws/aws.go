// Package aws makes single calls of AWS, once the manifest grants `aws`; the host signs them.
package aws

import (
	wire "phalanx-plugin/bindings/phalanx_pipeline_aws"
	"phalanx-plugin/phalanx"
)

// Request is a call that is not signed yet.
type Request = wire.Request

// Response is what came back.
type Response = wire.Response

// Call makes a call. An error in the answer is no error of the call.
func Call(request Request) (Response, error) { return phalanx.Ask(wire.Call(request)) }
