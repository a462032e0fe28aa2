// Package wit_types has what WIT knows and Go does not, as the bindings that wit-bindgen makes want it.
package wit_types

// Unit is the result of a function that has none.
type Unit struct{}

// Tuple2 is a pair.
type Tuple2[A any, B any] struct {
	F0 A
	F1 B
}

// The cases of an Option.
const (
	OptionNone uint8 = iota
	OptionSome
)

// Option is a value, or none.
type Option[T any] struct {
	tag   uint8
	value T
}

// None is no value.
func None[T any]() Option[T] {
	return Option[T]{}
}

// Some is a value.
func Some[T any](value T) Option[T] {
	return Option[T]{OptionSome, value}
}

// Tag says which of both it is.
func (option Option[T]) Tag() uint8 {
	return option.tag
}

// Some gives the value; without one it panics.
func (option Option[T]) Some() T {
	if option.tag != OptionSome {
		panic("there is no value")
	}
	return option.value
}

// Get gives the value, and whether there is one.
func (option Option[T]) Get() (T, bool) {
	return option.value, option.tag == OptionSome
}

// The cases of a Result.
const (
	ResultOk uint8 = iota
	ResultErr
)

// Result is what went well, or what did not.
type Result[T any, E any] struct {
	tag uint8
	ok  T
	err E
}

// Ok is what went well.
func Ok[T any, E any](value T) Result[T, E] {
	return Result[T, E]{tag: ResultOk, ok: value}
}

// Err is what did not.
func Err[T any, E any](value E) Result[T, E] {
	return Result[T, E]{tag: ResultErr, err: value}
}

// Tag says which of both it is.
func (result Result[T, E]) Tag() uint8 {
	return result.tag
}

// Ok gives what went well; when it did not, it panics.
func (result Result[T, E]) Ok() T {
	if result.tag != ResultOk {
		panic("it did not go well")
	}
	return result.ok
}

// Err gives what did not go well; when it did, it panics.
func (result Result[T, E]) Err() E {
	if result.tag != ResultErr {
		panic("it went well")
	}
	return result.err
}
