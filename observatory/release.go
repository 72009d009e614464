package observatory

import (
	"time"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/observatory/panel"
)

// State is where a release stands.
type State string

// The states of a release. One that was broken off while its cells were written
// stays Loading until the same act is tried again: it is in no panel and no list.
const (
	Loading   State = "loading"
	Waiting   State = "waiting" // at the quality gate (待发布)
	Published State = "published"
	Dropped   State = "dropped" // not to be used (不采用)
)

// Name says a state.
func (s State) Name() fault.Text {
	switch s {
	case Waiting:
		return fault.T("待发布", "Waiting")
	case Published:
		return fault.T("已发布", "Published")
	case Dropped:
		return fault.T("不采用", "Dropped")
	}
	return fault.T("读入中", "Loading")
}

// Release is one file of statistics as a bureau published it.
type Release struct {
	ID          int64
	Freq        panel.Freq
	Vintage     string // YYYY-MM-DD: from when it was known
	Name        string
	Digest      string // SHA-256 of the file, in hex
	Reading     string // how the file was read: sheet and shape, in JSON
	State       State
	Cells       int64
	Newest      int64 // the last period that it speaks of
	Brought     int64 // µs
	BroughtBy   int64
	Published   int64 // µs; 0 before
	PublishedBy int64
	Found       int64 // facts that it brought
	Changed     int64
	Retracted   int64
}

// Cell is one observation of a release.
type Cell struct {
	Release     int64
	Indicator   string
	Subject     string
	Period      int
	Value       float64
	Provisional bool
	Line, Col   int // of the file, counted from 1
}

// DoubtState says what becomes of a cell that the gate noticed.
type DoubtState string

// The states of a doubt.
const (
	DoubtWaiting DoubtState = "waiting" // kept out of facts until somebody decides
	DoubtHeld    DoubtState = "held"    // decided: it stays out
	DoubtKept    DoubtState = "kept"    // decided: it is right as it is
	DoubtBreak   DoubtState = "break"   // a break of the series; not for decision
	DoubtNoted   DoubtState = "noted"   // noticed and let through
)

// Name says a state of a doubt.
func (s DoubtState) Name() fault.Text {
	switch s {
	case DoubtWaiting:
		return fault.T("待核", "To be decided")
	case DoubtHeld:
		return fault.T("暂不使用", "Kept out")
	case DoubtKept:
		return fault.T("核实无误", "Confirmed right")
	case DoubtBreak:
		return fault.T("断层，前后不比", "A break: not compared across")
	}
	return fault.T("提示", "Noted")
}

// out reports whether no fact may use the cell.
func (s DoubtState) out() bool { return s == DoubtWaiting || s == DoubtHeld }

// Doubt is what the quality gate noticed of a cell.
type Doubt struct {
	Release         int64 // that the cell came with
	Indicator       string
	Subject         string
	Period          int
	Found           int64 // the release at whose gate it was noticed
	Rule            string
	Value, Expected float64
	State           DoubtState
	Reason          string
	Decided         int64
	DecidedBy       int64
}

// over reports which doubt about a cell counts when two releases noticed it: what
// was decided last, and undecided what keeps it out.
func (d Doubt) over(was Doubt) bool {
	if d.Decided != was.Decided {
		return d.Decided > was.Decided
	}
	return was.Found == 0 || d.State.out()
}

// day reads a day; the zero time if it is none.
func day(text string) (time.Time, bool) {
	t, err := time.Parse(time.DateOnly, text)
	return t, err == nil
}
