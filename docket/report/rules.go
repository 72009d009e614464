package report

import (
	_ "embed"
	"fmt"
	"sort"

	"github.com/goccy/go-yaml"

	"touyan.dev/touyan/kernel/fault"
)

// Rules say which unit usually leads what (职责分工). The table is data: a
// city edits its own copy of units.yaml and loads it with LoadRules.
type Rules struct {
	Units []Unit `json:"units" yaml:"units"`
	// Tasks also proposes sentences that name a deliverable ("出台……办法")
	// without a number or a date.
	Tasks bool `json:"tasks" yaml:"tasks"`
}

// Unit is one duty holder. Key is stable across cities ("jiaoyu"); a city maps
// keys to its own units.
type Unit struct {
	Key   string             `json:"key" yaml:"key"`
	ZH    string             `json:"zh" yaml:"zh"`
	EN    string             `json:"en" yaml:"en"`
	Names []string           `json:"names" yaml:"names"` // as texts write it: 教育局, 教委
	Words map[string]float64 `json:"words" yaml:"words"` // duty words (职责词) and weights, 0 < w ≤ 10
}

//go:embed units.yaml
var defaultUnits []byte

// DefaultRules gives the division of duties of a generic Chinese city. Every
// call returns a fresh copy.
func DefaultRules() (Rules, error) { return LoadRules(defaultUnits) }

// LoadRules reads a rules table. It refuses, naming the unit, a missing or
// repeated key, a name that is empty in either language, and a weight outside
// 0 < w ≤ 10.
func LoadRules(data []byte) (Rules, error) {
	const op = "report.LoadRules"
	if len(data) > 1<<20 {
		return Rules{}, fault.New(fault.TooMuch, op, "职责词表超过1 MB。", "The table of duty words exceeds 1 MB.")
	}
	var r Rules
	if err := yaml.UnmarshalWithOptions(data, &r, yaml.Strict()); err != nil {
		return Rules{}, &fault.Error{Kind: fault.Invalid, Op: op, Err: err,
			Text: fault.T("职责词表不是有效的YAML，或含有未知字段。", "The table of duty words is no valid YAML, or has an unknown field.")}
	}
	if len(r.Units) == 0 {
		return Rules{}, fault.At(op, "units", "职责词表没有任何单位。", "The table of duty words holds no unit.")
	}
	seen := map[string]bool{}
	for i, u := range r.Units {
		path := fmt.Sprintf("units/%d", i)
		if u.Key == "" || seen[u.Key] {
			return Rules{}, fault.At(op, path+"/key", "单位代号为空或重复。", "The unit's key is empty or repeated.")
		}
		seen[u.Key] = true
		if u.ZH == "" || u.EN == "" {
			return Rules{}, fault.At(op, path, "单位须有中文和英文名称。", "The unit needs a Chinese and an English name.")
		}
		for w, weight := range u.Words {
			if w == "" || !(weight > 0 && weight <= 10) {
				return Rules{}, fault.At(op, path+"/words", "职责词不能为空，权重须大于0且不超过10。", "A duty word must not be empty and its weight must be above 0 and at most 10.")
			}
		}
	}
	return r, nil
}

// duty is one word's weight for one unit.
type duty struct {
	unit   int
	weight float64
}

// matcher is a compiled Rules.
type matcher struct {
	table []Unit
	words *lexicon[[]duty]
	names *lexicon[int]
	tasks bool
}

func (r Rules) compile() *matcher {
	words, names := map[string][]duty{}, map[string]int{}
	for i, u := range r.Units {
		for w, weight := range u.Words {
			key := plain(w)
			words[key] = append(words[key], duty{i, weight})
		}
		for _, n := range u.Names {
			names[plain(n)] = i
		}
	}
	for _, ds := range words {
		sort.Slice(ds, func(a, b int) bool { return ds[a].unit < ds[b].unit })
	}
	return &matcher{table: r.Units, words: newLexicon(words), names: newLexicon(names), tasks: r.Tasks}
}

// How much a duty word counts by where it stands: the heart of the clause, what
// follows it, the rest of the sentence, the headings above.
const (
	inClause   = 1.0
	inTail     = 0.5
	inSentence = 0.25
	inHeading  = 0.35
)

// units proposes a lead and up to four assisting units. A unit named in a
// bracket of the sentence ("（市教育局牵头）") goes before any guess.
func (m *matcher) units(s Sentence, rs []rune, g group) (UnitProposal, []UnitProposal) {
	score := make([]float64, len(m.table))
	words := make([][]string, len(m.table))
	m.count(rs[g.core.from:g.core.to], inClause, score, words)
	m.count(rs[g.from:g.to], inTail, score, words)
	m.count(rs[:g.from], inSentence, score, words)
	m.count(rs[g.to:], inSentence, score, words)
	for _, h := range s.Headings {
		m.count([]rune(h), inHeading, score, words)
	}
	var found []UnitProposal
	leads := m.namedIn(rs)
	for i, u := range m.table {
		rank, isNamed := leads[i]
		if score[i] == 0 && !isNamed {
			continue
		}
		p := UnitProposal{Unit: u.Key, Name: fault.T(u.ZH, u.EN), Words: words[i], Score: tidy(score[i]), Named: isNamed}
		if isNamed {
			p.Score = 1000 - float64(rank)
		}
		found = append(found, p)
	}
	sort.SliceStable(found, func(i, j int) bool { return found[i].Score > found[j].Score })
	if len(found) == 0 {
		return UnitProposal{}, []UnitProposal{}
	}
	assist := []UnitProposal{}
	for _, p := range found[1:] {
		if len(assist) < 4 && (p.Named || p.Score >= 0.4*found[0].Score || !p.Named && found[0].Named && p.Score >= 3) {
			assist = append(assist, p)
		}
	}
	return found[0], assist
}

// Pointer gives a function that says to which units the duty words of a text
// point, best first, as shares that add up to 1.
func (r Rules) Pointer() func(text string) []UnitProposal {
	m := r.compile()
	return func(text string) []UnitProposal {
		score := make([]float64, len(m.table))
		words := make([][]string, len(m.table))
		m.count([]rune(plain(text)), inClause, score, words)
		total := 0.0
		for _, s := range score {
			total += s
		}
		var found []UnitProposal
		for i, u := range m.table {
			if score[i] > 0 {
				found = append(found, UnitProposal{Unit: u.Key, Name: fault.T(u.ZH, u.EN), Words: words[i], Score: score[i] / total})
			}
		}
		sort.SliceStable(found, func(i, j int) bool { return found[i].Score > found[j].Score })
		return found
	}
}

// count adds the weights of the duty words in rs, each word once per unit.
func (m *matcher) count(rs []rune, share float64, score []float64, words [][]string) {
	for i := 0; i < len(rs); i++ {
		ds, n, ok := m.words.at(rs, i)
		if !ok {
			continue
		}
		word := string(rs[i : i+n])
		for _, d := range ds {
			if !contains(words[d.unit], word) {
				score[d.unit] += d.weight * share
				words[d.unit] = append(words[d.unit], word)
			}
		}
		i += n - 1
	}
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}

// namedIn finds units written out in a bracket that speaks of responsibility,
// in their order.
func (m *matcher) namedIn(rs []rune) map[int]int {
	out := map[int]int{}
	for i := 0; i < len(rs); i++ {
		if rs[i] != '（' {
			continue
		}
		end := i
		for end < len(rs) && rs[end] != '）' {
			end++
		}
		if !named.in(rs[i:end]) {
			continue
		}
		for k := i; k < end; k++ {
			unit, n, ok := m.names.at(rs, k)
			if !ok {
				continue
			}
			if _, seen := out[unit]; !seen {
				out[unit] = len(out)
			}
			k += n - 1
		}
	}
	return out
}
