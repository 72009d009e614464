package observatory

import (
	"cmp"
	"context"
	"fmt"
	"math"

	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/link"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/web"
	"touyan.dev/touyan/observatory/panel"
)

// FactRow is a fact in a list.
type FactRow struct {
	ID          int64        `json:"id"`
	Text        fault.Text   `json:"text"`
	Kind        string       `json:"kind"`
	Inferential bool         `json:"inferential" doc:"a claim of the unusual, tested with a bound on false discoveries"`
	Indicator   Coded        `json:"indicator"`
	Subject     *Coded       `json:"subject"`
	Peers       *Coded       `json:"peers"`
	Freq        int          `json:"freq"`
	Time        string       `json:"time"`
	Since       string       `json:"since"`
	Value       float64      `json:"value"`
	Unit        fault.Text   `json:"unit"`
	Margin      *float64     `json:"margin" doc:"to the nearest rival, in per cent of the value"`
	Robustness  *float64     `json:"robustness" doc:"chance to outlive the next revision; null when no revision is known"`
	Score       float64      `json:"score"`
	Provisional bool         `json:"provisional"`
	Complete    bool         `json:"complete"`
	Vintage     string       `json:"vintage"`
	Definition  string       `json:"definition"`
	State       FactState    `json:"state" enum:"stands,retracted,lapsed"`
	StateName   fault.Text   `json:"state_name"`
	Q           *float64     `json:"q" doc:"of an inferential fact: p-value adjusted for all that was tested; of a target: the chance to reach it; else null"`
	Tested      int          `json:"tested" doc:"claims that an inferential fact was tested with; else 0"`
	Release     int64        `json:"release"`
	Ended       int64        `json:"ended" doc:"the release that broke it, or at which it lapsed; 0 without one"`
	Rules       int          `json:"rules" doc:"version of the rules it was found by"`
	Why         []fault.Text `json:"why" doc:"why it is notable, and how firm"`
}

// EvidenceRow is a figure that a fact or a claim rests on.
type EvidenceRow struct {
	Indicator Coded        `json:"indicator"`
	Subject   Coded        `json:"subject"`
	Time      string       `json:"time"`
	Value     float64      `json:"value"`
	Unit      fault.Text   `json:"unit"`
	Source    panel.Source `json:"source"`
	Release   int64        `json:"release"`
}

// GroundRow is a figure that a fact rests on, with the file it was read from and
// what is known of it now.
type GroundRow struct {
	EvidenceRow
	File int64    `json:"file" doc:"the attachment; 0 if there is none"`
	Now  *float64 `json:"now" doc:"the figure as known now; null when the gate keeps it out"`
}

// FactPage is a fact with what it rests on and what it led to.
type FactPage struct {
	FactRow
	Rarity     float64      `json:"rarity" doc:"bits"`
	Importance float64      `json:"importance"`
	Novelty    float64      `json:"novelty"`
	Evidence   []GroundRow  `json:"evidence"`
	Basis      ReleaseRow   `json:"basis" doc:"the release that brought it"`
	BrokenBy   *ReleaseRow  `json:"broken_by"`
	History    []HistoryRow `json:"history"`
	Notes      []NoteRow    `json:"notes"`
	Led        []LedRow     `json:"led" doc:"matters made of it"`
	May        bool         `json:"may_work"`
}

// HistoryRow is something that happened to a fact or an evaluation.
type HistoryRow struct {
	Pos  int64      `json:"pos"`
	At   string     `json:"at"`
	What fault.Text `json:"what"`
	By   person     `json:"by"`
}

// LedRow is a matter that came of a fact.
type LedRow struct {
	Matter int64  `json:"matter"`
	At     string `json:"at"`
}

func (d *Desk) registerFacts(s *web.Server) {
	web.Register(s, get("/today", "today", "The newest release of each frequency that says something that stands, with its facts, the best first"), read(d, func(ctx context.Context, in *struct {
		Subject string `query:"subject" maxLength:"60"`
	}) ([]TodayRow, error) {
		return d.today(ctx, in.Subject)
	}))
	web.Register(s, get("/facts", "facts", "Facts that were told: those of the newest releases first, the best of each first"), read(d, func(ctx context.Context, in *struct {
		PageOf
		Release   int64     `query:"release"`
		Subject   string    `query:"subject" maxLength:"60"`
		Indicator string    `query:"indicator" maxLength:"60"`
		State     FactState `query:"state" enum:"stands,retracted,lapsed,"`
		Freq      int       `query:"freq" minimum:"0" maximum:"12" doc:"periods a year: 1, 4 or 12"`
		Words     string    `query:"q" maxLength:"100" doc:"all of them in the sentence"`
		Limit     int       `query:"limit" minimum:"0" maximum:"200" doc:"rows of a page; 50 by default"`
	}) (*Paged[FactRow], error) {
		n, err := d.naming(ctx)
		if err != nil {
			return nil, err
		}
		return d.factPaged(ctx, n, FactFilter{Release: in.Release, Freq: panel.Freq(in.Freq), Subject: in.Subject, Indicator: in.Indicator, State: in.State, Words: in.Words}, in.Page, cmp.Or(in.Limit, pageSize))
	}))
	web.Register(s, get("/facts/{id}", "fact", "A fact with what it rests on and what it led to"), read(d, func(ctx context.Context, in *ByID) (*FactPage, error) {
		return d.factPage(ctx, in.ID)
	}))
}

// TodayRow is a release with what it says that stands.
type TodayRow struct {
	Release ReleaseRow      `json:"release"`
	Facts   *Paged[FactRow] `json:"facts"`
}

// today gives the newest release of each frequency that says something of a
// subject, "" for any, the newest first.
func (d *Desk) today(ctx context.Context, subject string) ([]TodayRow, error) {
	newest, err := store.Collect(ctx, d.DB, func(row store.Scanner) (release int64, err error) {
		err = row.Scan(&release)
		return release, err
	}, "SELECT MAX(release) FROM told_fact WHERE state = ? AND (? = '' OR subject = ?) GROUP BY freq ORDER BY 1 DESC", string(FactStands), subject, subject)
	if err != nil {
		return nil, fault.Wrap("observatory.today", err)
	}
	rows := []TodayRow{}
	for _, id := range newest {
		r, n, err := d.open(ctx, id)
		if err != nil {
			return nil, err
		}
		row := TodayRow{Release: n.release(r)}
		if row.Facts, err = d.factPaged(ctx, n, FactFilter{Release: id, Subject: subject, State: FactStands}, 1, pageSize); err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func (n *naming) fact(f Fact) FactRow {
	t := f.Told
	row := FactRow{
		ID: f.ID, Text: fault.T(t.ZH, t.EN), Kind: t.Kind, Inferential: t.Class == "inferential", Indicator: n.indicator(t.Indicator), Freq: int(f.Freq), Time: t.Time, Since: t.Since,
		Value: t.Value, Unit: n.unit(t.Indicator), Margin: t.Margin, Score: float64(t.Score), Provisional: t.Provisional, Complete: t.Complete, Vintage: t.Vintage, Definition: t.Definition,
		State: f.State, StateName: f.State.Name(), Q: t.Q, Tested: t.Tested, Release: f.Release, Ended: f.Ended, Rules: t.Rules, Why: why(f),
	}
	if t.Subject != "" {
		c := n.subject(t.Subject)
		row.Subject = &c
	}
	if t.Peers != "" {
		c := n.set(t.Peers)
		row.Peers = &c
	}
	if t.Robustness != nil {
		r := float64(*t.Robustness)
		row.Robustness = &r
	}
	return row
}

// why says in words what a fact's score is made of.
func why(f Fact) []fault.Text {
	t := f.Told
	out := []fault.Text{}
	switch {
	case t.Class == "inferential":
		out = append(out, fault.T(fmt.Sprintf("不寻常：本次对%d项一并检验，凡提出的，平均每百条中误报不超过5条", t.Tested), fmt.Sprintf("unusual: %d claims were tested together; of those told, at most 5 in a hundred are expected to be false", t.Tested)))
	case t.Class == "target":
		out = append(out, fault.T("对照已设定的目标：达到的可能越小，越值得关注", "held to a target that was set: the less likely it is, the more notable"))
	case t.Rarity >= 1:
		times := math.Round(math.Pow(2, float64(t.Rarity)))
		out = append(out, fault.T(fmt.Sprintf("少见：这类情形在本指标的历史中约每%.0f次出现1次", times), fmt.Sprintf("rare: one in about %.0f of its kind in the history of this indicator", times)))
	}
	if t.Margin != nil {
		out = append(out, fault.T(fmt.Sprintf("与最近的对手相差%.2f%%", *t.Margin), fmt.Sprintf("%.2f%% from the nearest rival", *t.Margin)))
	}
	switch r := t.Robustness; {
	case t.Class == "target":
		out = append(out, fault.T("每次发布后按新数重算", "computed anew after each release"))
	case r == nil && t.Class == "inferential":
		out = append(out, fault.T("所依据的数一经修订即重新检验，不再显著的随即撤回", "it is tested again with every revision, and taken back once it is no longer significant"))
	case r == nil:
		out = append(out, fault.T("尚无修订记录，稳不稳无从估计", "no revision is known, so nothing can be said of how firm it is"))
	case *r >= 0.9:
		out = append(out, fault.T(fmt.Sprintf("较稳：按以往修订，约%.0f%%的可能保持成立", 100**r), fmt.Sprintf("firm: by past revisions it holds with about %.0f%%", 100**r)))
	case *r >= 0.6:
		out = append(out, fault.T(fmt.Sprintf("须注意：按以往修订，保持成立的可能约%.0f%%", 100**r), fmt.Sprintf("with care: by past revisions it holds with about %.0f%%", 100**r)))
	default:
		out = append(out, fault.T(fmt.Sprintf("不稳：按以往修订，保持成立的可能只有约%.0f%%", 100**r), fmt.Sprintf("not firm: by past revisions it holds with only about %.0f%%", 100**r)))
	}
	if t.Provisional {
		out = append(out, fault.T("初步数，待最终核实", "preliminary, to be revised"))
	}
	return out
}

func (d *Desk) factPage(ctx context.Context, id int64) (*FactPage, error) {
	f, err := d.Fact(ctx, id)
	if err != nil {
		return nil, err
	}
	n, err := d.naming(ctx)
	if err != nil {
		return nil, err
	}
	p := &FactPage{FactRow: n.fact(f), Rarity: float64(f.Told.Rarity), Importance: float64(f.Told.Importance), Novelty: float64(f.Told.Novelty), Evidence: []GroundRow{}, History: []HistoryRow{}, Notes: []NoteRow{}, Led: []LedRow{}}
	p.May = d.works(web.Who(ctx)) == nil
	basis, err := d.Release(ctx, f.Release)
	if err != nil {
		return nil, err
	}
	p.Basis = n.release(basis)
	if f.Ended != 0 {
		ended, err := d.Release(ctx, f.Ended)
		if err != nil {
			return nil, err
		}
		row := n.release(ended)
		p.BrokenBy = &row
	}
	if p.Evidence, err = d.grounds(ctx, n, f); err != nil {
		return nil, err
	}
	if p.History, err = d.history(ctx, n, id); err != nil {
		return nil, err
	}
	list, err := d.quoting(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, note := range list {
		p.Notes = append(p.Notes, n.note(note))
	}
	p.Led, err = d.led(ctx, id)
	return p, err
}

// grounds gives the figures that a fact was told on.
func (d *Desk) grounds(ctx context.Context, n *naming, f Fact) ([]GroundRow, error) {
	v, err := d.now(ctx, f.Freq)
	if err != nil {
		return nil, err
	}
	files := map[int64]int64{}
	rows := []GroundRow{}
	for _, e := range f.Told.Evidence {
		row := GroundRow{EvidenceRow: EvidenceRow{Indicator: n.indicator(e.Indicator), Subject: n.subject(e.Subject), Time: e.Time, Value: e.Value, Unit: n.unit(e.Indicator), Source: e.Source}}
		if _, period, ok := panel.ParsePeriod(e.Time); ok {
			at := spot{e.Indicator, e.Subject, period}
			if c, known := v.origin(at); known && !v.doubts[at].State.out() {
				row.Now = &c.Value
			}
			if row.Release, err = d.broughtBy(ctx, f.Freq, at, e.Source); err != nil {
				return nil, err
			}
		}
		file, seen := files[row.Release]
		if !seen && row.Release != 0 {
			// Who may not read the file still reads the figure.
			if list, err := d.Files.List(ctx, web.Who(ctx), row.Release); err == nil && len(list) > 0 {
				file = list[0].ID
			}
			files[row.Release] = file
		}
		row.File = file
		rows = append(rows, row)
	}
	return rows, nil
}

// broughtBy gives the newest release whose file says a figure at the place named;
// 0 for a figure that was computed.
func (d *Desk) broughtBy(ctx context.Context, freq panel.Freq, at spot, from panel.Source) (int64, error) {
	cells, err := d.unpacked(ctx, "c.indicator = ? AND r.name = ? AND r.freq = ? AND r.state = ?", at.indicator, from.File, int64(freq), string(Published))
	newest := int64(0)
	for _, c := range cells {
		if c.Subject == at.subject && c.Period == at.period && c.Line == from.Line {
			newest = c.Release // they come in the order of their releases
		}
	}
	return newest, err
}

// led gives the matters that came of a fact or a development.
func (d *Desk) led(ctx context.Context, id int64) ([]LedRow, error) {
	rows := []LedRow{}
	opened, err := d.opened(ctx, id)
	for _, e := range opened {
		rows = append(rows, LedRow{e.Subject, at(e.Recorded)})
	}
	return rows, err
}

// opened gives the events that opened matters out of a fact or a development.
func (d *Desk) opened(ctx context.Context, id int64) ([]event.Event, error) {
	made, err := link.Trace(ctx, d.DB, id, 1, 100)
	if err != nil {
		return nil, err
	}
	var out []event.Event
	for _, m := range made {
		if m.Source != id || m.Rel != link.TurnInto {
			continue
		}
		e, err := event.At(ctx, d.DB, m.Pos)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

// history gives the events of an object, each with its receipt's position.
func (d *Desk) history(ctx context.Context, n *naming, id int64) ([]HistoryRow, error) {
	events, err := event.Of(ctx, d.DB, id)
	if err != nil {
		return nil, err
	}
	rows := []HistoryRow{}
	for _, e := range events {
		rows = append(rows, HistoryRow{e.Pos, at(e.Recorded), eventName(e.Kind), n.person(e.Actor)})
	}
	return rows, nil
}

// eventName words a kind of event.
func eventName(kind string) fault.Text {
	switch kind {
	case EventReference:
		return fault.T("录入对照表", "Reference entered")
	case EventBrought:
		return fault.T("导入数据", "Brought in")
	case EventDecided:
		return fault.T("核定存疑数", "Decided at the gate")
	case EventPublished:
		return fault.T("发布数据", "Published")
	case EventDropped:
		return fault.T("不采用", "Put aside")
	case EventFound:
		return fault.T("发现", "Found")
	case EventChanged:
		return fault.T("表述有变", "Reads differently")
	case EventRetracted:
		return fault.T("撤回", "Retracted")
	case EventConfirmed:
		return fault.T("按新规则复核，仍成立", "Holds by the new rules")
	case EventLapsed:
		return fault.T("失效", "Lapsed")
	case EventNote:
		return fault.T("起草材料", "Note written")
	case EventFrozen:
		return fault.T("固定评估方案", "Protocol frozen")
	case EventComputed:
		return fault.T("得出评估结果", "Result computed")
	case EventTargetSet:
		return fault.T("设定目标", "Target set")
	case EventTargetWithdrawn:
		return fault.T("撤销目标", "Target withdrawn")
	case EventAbroad:
		return fault.T("录入外部动态", "Development entered")
	}
	return fault.T("附件", "File")
}
