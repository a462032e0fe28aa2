// Package wit_runtime gives out the memory in which values cross between host and plugin.
//
// An instance lives for one call of a hook, so nothing is ever taken back: the collector is off, since one that ran
// while the host asks for memory would call the host's clock, which is not allowed then.
package wit_runtime

import (
	"runtime"
	"runtime/debug"
	"unsafe"
)

// Memory that can be given out before Go itself has started: WASI's adapter asks for some.
var early [256 << 10]byte

// Of that, what was given out.
var used uintptr

// All that was given out. Bindings keep it as numbers, which Go does not take for uses: what nobody uses it would put
// on the stack.
var given [][]uint64

// Where values without bytes are.
var nothing uint64

// Whether Go has started.
var started bool

func init() {
	debug.SetGCPercent(-1)
	started = true
}

// Allocate gives out memory.
func Allocate(_ *runtime.Pinner, size, _ uintptr) unsafe.Pointer {
	if size == 0 {
		// Go looks at every pointer that it holds: it must be one.
		return unsafe.Pointer(&nothing)
	}
	// Words: aligned for everything that WIT has.
	words := make([]uint64, (size+7)/8)
	given = append(given, words)
	return unsafe.Pointer(unsafe.SliceData(words))
}

// Unpin is called after values were handed over; there is nothing to let go.
func Unpin() {}

//go:wasmexport cabi_realloc
func realloc(old unsafe.Pointer, oldSize, align, size uintptr) unsafe.Pointer {
	if !started {
		base := uintptr(unsafe.Pointer(&early[0]))
		at := (base + used + align - 1) &^ (align - 1)
		used = at + size - base
		if used > uintptr(len(early)) {
			panic("too much memory is asked for before Go has started")
		}
		return unsafe.Pointer(at)
	}
	memory := Allocate(nil, size, align)
	if oldSize > 0 {
		copy(unsafe.Slice((*byte)(memory), size), unsafe.Slice((*byte)(old), oldSize))
	}
	return memory
}
