package store

import (
	"database/sql/driver"
	"fmt"
	"reflect"
)

// cells is one row as the driver gives it. It implements Scanner for the types
// that tables use.
type cells []driver.Value

// Scan implements Scanner. Byte slices are handed over, not copied: the driver
// makes new ones for every row.
func (c cells) Scan(dest ...any) error {
	if len(dest) != len(c) {
		return fmt.Errorf("store: %d columns read into %d values", len(c), len(dest))
	}
	for i, d := range dest {
		if !assign(d, c[i]) {
			return fmt.Errorf("store: column %d: %T cannot be read into %T", i, c[i], d)
		}
	}
	return nil
}

// assign puts a value where dest points, and reports whether it fits.
func assign(dest any, v driver.Value) (ok bool) {
	switch d := dest.(type) {
	case *int64:
		*d, ok = v.(int64)
	case *string:
		*d, ok = v.(string)
	case *[]byte:
		if *d, ok = v.([]byte); v == nil {
			*d, ok = nil, true
		}
	case *int:
		var n int64
		n, ok = v.(int64)
		*d = int(n)
	case *bool:
		var n int64
		n, ok = v.(int64)
		*d = n != 0
	case *float64:
		if *d, ok = v.(float64); !ok {
			var n int64
			n, ok = v.(int64)
			*d = float64(n)
		}
	default:
		return assignKind(reflect.ValueOf(dest), v)
	}
	return ok
}

// assignKind is assign for types named after a basic one.
func assignKind(dest reflect.Value, v driver.Value) bool {
	if dest.Kind() != reflect.Pointer || dest.IsNil() {
		return false
	}
	to, from := dest.Elem(), reflect.ValueOf(v)
	switch to.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if n, ok := v.(int64); ok && !to.OverflowInt(n) {
			to.SetInt(n)
			return true
		}
	case reflect.String:
		if s, ok := v.(string); ok {
			to.SetString(s)
			return true
		}
	case reflect.Bool:
		if n, ok := v.(int64); ok {
			to.SetBool(n != 0)
			return true
		}
	case reflect.Slice:
		if v == nil {
			to.SetZero()
			return true
		}
		if from.CanConvert(to.Type()) {
			to.Set(from.Convert(to.Type()))
			return true
		}
	}
	return false
}

// appendValues adds the arguments of a statement in the driver's types.
func appendValues(to []driver.NamedValue, args []any) []driver.NamedValue {
	for _, a := range args {
		to = append(to, driver.NamedValue{Ordinal: len(to) + 1, Value: valueOf(a)})
	}
	return to
}

// valueOf gives an argument in one of the driver's types. What fits none is
// left, and the driver refuses it.
func valueOf(a any) driver.Value {
	switch v := a.(type) {
	case int64, string, []byte, bool, float64, nil:
		return v
	case int:
		return int64(v)
	}
	switch v := reflect.ValueOf(a); v.Kind() {
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Int:
		return v.Int()
	case reflect.String:
		return v.String()
	case reflect.Bool:
		return v.Bool()
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return v.Bytes()
		}
	}
	return a
}
