// Package statistics makes the published statistics of the demonstration: what
// the bureau of a fictional province and the offices of its cities would have
// put out until the story's end, as the files they would have put out, with
// revisions, changes of definition, and the slips that a hurried bulletin has.
//
// Everything is computed from one seed: figures come from a small model of each
// city, and never from a real statistic. A few are pinned because the story of
// docs needs them: the value added of January to October 2026 of two cities, and
// what a later release makes of it. Province, cities, countries, districts and
// codes are nobody's: region codes 95 to 99, country codes XA to XZ.
//
// The files travel the path of real ones; nothing reads the model beside them.
// The package knows no database, no network and no clock, and its texts are the
// bureau's, so they are published in Chinese.
package statistics

import (
	_ "embed" // the tables
	"hash/fnv"
	"math/rand/v2"
	"strings"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/observatory/panel"
)

// File is one publication.
type File struct {
	Name    string
	Data    []byte
	Dataset string     // yearly, monthly, districts
	Vintage string     // day of publication, YYYY-MM-DD
	First   bool       // all its figures are provisional and will be revised
	Note    fault.Text // what the bureau says of it
}

// The datasets.
const (
	Yearly    = "yearly"    // a line for each subject and year
	Monthly   = "monthly"   // a line for each city and month; figures run from January
	Districts = "districts" // a line for each district and week
)

// Home, Rival and Pilot are the story's subjects.
const (
	Home  = "990100" // 澄川市
	Rival = "990200" // 宁州市
	Pilot = "990102" // 东屏区, where newcomers' matters became one
	Zone  = "990171" // 高新区, where newcomers call most
)

//go:embed subjects.csv
var subjects []byte

//go:embed indicators.csv
var indicators []byte

//go:embed peersets.csv
var peersets []byte

// Subjects is the table of subjects: code, name, name_en, level (province, city,
// district, zone, country), province (of cities only, as ranks are among them),
// region, tier, size, structure, parent, spellings divided by |, and home (yes for
// Chengchuan).
func Subjects() []byte { return subjects }

// Indicators is the table of indicators, as panel.DescribeIndicators reads it.
func Indicators() []byte { return indicators }

// Peers is a group of subjects that are compared.
type Peers struct {
	Code    string
	Name    fault.Text
	Kind    string // province, cluster, metro, parks, like, nation, world
	Members []string
	From    string // first year; "" from the beginning
	Until   string // last year; "" to the end
}

// PeerSets gives the groups: the shapes that real ones have, a province, city
// clusters that grew, a metropolitan area, parks, cities of a size, a nation, a
// world.
func PeerSets() ([]Peers, error) {
	rows, err := table(peersets)
	var out []Peers
	for _, r := range rows {
		out = append(out, Peers{Code: r["code"], Name: fault.T(r["name"], r["name_en"]), Kind: r["kind"], Members: strings.Fields(r["members"]), From: r["from"], Until: r["until"]})
	}
	return out, err
}

// PeerTable is the table that PeerSets reads: code, name, name_en, kind, from,
// until (years) and members (codes with spaces between).
func PeerTable() []byte { return peersets }

// table reads a table into one map for each line.
func table(data []byte) ([]map[string]string, error) {
	t, err := panel.NewTable(data)
	if err != nil {
		return nil, err
	}
	var out []map[string]string
	for row, err := range t.Rows() {
		if err != nil {
			return nil, err
		}
		line := map[string]string{}
		for i, cell := range row {
			line[t.Head[i]] = cell
		}
		out = append(out, line)
	}
	return out, nil
}

// seed is that of the whole city.
const seed = 20261123

// random gives the random numbers of one series, which no other series shifts.
func random(name string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(name))
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}
