// The hooks of the plugin, as the host calls them.
package main

import _ "phalanx-plugin/bindings/wit_exports"

func main() {}
