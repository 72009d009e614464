package main

import (
	"strings"
	"testing"
)

// TestTable: columns line up where a Chinese character is two columns wide; a
// cell too wide is cut, but for the last of a row.
func TestTable(t *testing.T) {
	long := strings.Repeat("长", 40)
	var b strings.Builder
	table{head: []string{"登录名 login", "x", "y"}, rows: [][]string{{"沈", "b", "c"}, {long, "b", long}}}.print(&b)
	want := "登录名 login                                  x  y\n" +
		"沈                                            b  c\n" +
		strings.Repeat("长", 21) + "…  b  " + long + "\n"
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}
