package auth

import (
	"fmt"
	"testing"
)

// cityDirectory is a directory of a city's size: 3,000 units, 9,000 people.
func cityDirectory(t testing.TB) *Directory {
	units := []Unit{{ID: 1, Level: CityLevel, Kind: Other}, {ID: 2, Parent: 1, Level: CityLevel, Kind: Office}}
	for id := int64(3); id <= 3000; id++ {
		parent := int64(1)
		if id > 60 {
			parent = 3 + id%57
		}
		units = append(units, Unit{ID: id, Parent: parent, Level: CityLevel, Kind: Bureau})
	}
	var people []Person
	var posts []Post
	for i := int64(0); i < 9000; i++ {
		person := 10_000 + i
		people = append(people, Person{ID: person, Login: fmt.Sprint(person), Status: Active})
		unit := 3 + i%2998
		if i < 2998 && i >= 57 {
			unit = 3 + i%57
		}
		duty := []Duty{Liaison, Clerk, Head}[i%3]
		posts = append(posts, Post{ID: 100_000 + i, Person: person, Unit: unit, Duty: duty, From: "2020-01-01"})
	}
	posts = append(posts, Post{ID: 200_000, Person: 10_000, Unit: 2, Duty: Supervisor, From: "2020-01-01"})
	d, err := NewDirectory(1, today, units, people, posts)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func BenchmarkRequire(b *testing.B) {
	rules, d := testRules(b, "matter.cedar", "secret.cedar"), cityDirectory(b)
	res := Resource{Type: "Matter", ID: 7, Unit: 2000, Office: 2, Originator: 10_007, Parties: []int64{10_008, 10_009}, Need: []string{"liaison@2000"}, Named: 10_003}
	for _, c := range []struct {
		name   string
		action string
		who    int64
	}{{"read/allowed", "matter.read", 10_000}, {"read/denied", "matter.read", 10_001}, {"act/allowed", "matter.act", 10_003}, {"act/denied", "matter.act", 10_001}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				v, _ := rules.Require(d, Principal{Person: c.who}, c.action, res)
				if v.Allowed != (c.who != 10_001) {
					b.Fatal(v)
				}
			}
		})
	}
}

func BenchmarkScope(b *testing.B) {
	rules, d := testRules(b, "matter.cedar"), cityDirectory(b)
	b.ReportAllocs()
	for b.Loop() {
		if list, err := rules.Scope(d, Principal{Person: 10_000}, "matter.read", testColumns()); err != nil || len(list) == 0 {
			b.Fatal(list, err)
		}
	}
}

func BenchmarkNewDirectory(b *testing.B) {
	d := cityDirectory(b)
	for b.Loop() {
		if _, err := d.on(noon.AddDate(0, 0, 1)); err != nil {
			b.Fatal(err)
		}
	}
}
