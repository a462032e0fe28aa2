// Package images builds container images and keeps them in ECR, once the manifest grants `images`.
package images

import (
	wire "phalanx-plugin/bindings/phalanx_pipeline_images"
	"phalanx-plugin/phalanx"
)

// Request says what an image is built of.
type Request = wire.BuildRequest

// Built is an image that was built.
type Built = wire.BuiltImage

// Pushed is an image in ECR.
type Pushed = wire.PushedImage

// Check finds out what would keep the image from being built or pushed.
func Check(request Request, repository string) error {
	return phalanx.Do(wire.Check(request, repository))
}

// Fingerprint is the digest of everything that goes into the image.
func Fingerprint(request Request) (string, error) { return phalanx.Ask(wire.Fingerprint(request)) }

// WillPush is false when nothing would be pushed, and so need not be built.
func WillPush() bool { return wire.WillPush() }

// Find gives the image in ECR with this tag, when there is one.
func Find(repository, tag string) (Pushed, bool, error) {
	found, err := phalanx.Ask(wire.FindInEcr(repository, tag))
	image, there := found.Get()
	return image, there, err
}

// Build builds an image.
func Build(request Request) (Built, error) { return phalanx.Ask(wire.Build(request)) }

// Push pushes a local image to ECR.
func Push(image, repository, tag string) (Pushed, error) {
	return phalanx.Ask(wire.PushToEcr(image, repository, tag))
}

// List is the images of a repository that have a tag.
func List(repository string) ([]Pushed, error) { return phalanx.Ask(wire.ListInEcr(repository)) }

// Delete takes a tag from an image; true when there was one.
func Delete(repository, tag string) (bool, error) {
	return phalanx.Ask(wire.DeleteFromEcr(repository, tag))
}
