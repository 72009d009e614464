package observatory

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"touyan.dev/touyan/kernel/attach"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/privacy"
	"touyan.dev/touyan/kernel/web"
	"touyan.dev/touyan/observatory/claim"
	"touyan.dev/touyan/observatory/panel"
)

// ClaimPage is a draft with what the figures say of each claim in it.
type ClaimPage struct {
	Lines  []ClaimLine    `json:"lines"`
	Counts map[string]int `json:"counts" doc:"claims by verdict"`
}

// ClaimLine is a line of the draft, cut where claims begin and end.
type ClaimLine struct {
	N      int         `json:"n"`
	Pieces []ClaimPart `json:"pieces"`
}

// ClaimPart is a piece of a line: plain text, or a claim.
type ClaimPart struct {
	Text  string    `json:"text"`
	Claim *ClaimRow `json:"claim"`
}

// ClaimRow is a claim with its verdict.
type ClaimRow struct {
	N        int           `json:"n" doc:"from 1, over the whole draft"`
	Kind     string        `json:"kind"`
	Verdict  claim.Verdict `json:"verdict" enum:"agrees,disagrees,ambiguous,no_data"`
	Name     fault.Text    `json:"name" doc:"of the verdict"`
	Why      fault.Text    `json:"why"`
	Evidence []EvidenceRow `json:"evidence"`
}

// draftMost bounds a draft, in bytes.
const draftMost = 200_000

func (d *Desk) registerClaims(s *web.Server) {
	op := post("/claims", "claims", "Hold each number of a draft to the figures; nothing is kept")
	op.Keyless = true
	web.Register(s, op, func(ctx context.Context, in *struct {
		Body struct {
			Text  string `json:"text,omitempty" maxLength:"200000" doc:"the draft"`
			File  string `json:"file,omitempty" maxLength:"64" doc:"or the digest of an uploaded docx or txt"`
			Name  string `json:"name,omitempty" maxLength:"400"`
			Peers string `json:"peers,omitempty" maxLength:"60" doc:"column of the subjects by which ranks are grouped; province by default"`
		}
	}) (*out[*ClaimPage], error) {
		if err := d.reads(web.Who(ctx)); err != nil {
			return nil, err
		}
		text, err := d.draft(ctx, in.Body.Text, in.Body.File, in.Body.Name)
		if err != nil {
			return nil, err
		}
		return reply(d.Claims(ctx, strings.Split(text, "\n"), cmp.Or(in.Body.Peers, "province")))
	})
}

// draft gives the text that is to be checked.
func (d *Desk) draft(ctx context.Context, text, file, name string) (string, error) {
	const op = "observatory.Claims"
	if file != "" {
		digest, ok := attach.ParseDigest(file)
		if !ok {
			return "", fault.At(op, "file", "请先选择文件。", "Choose a file first.")
		}
		if err := d.Files.Ready(ctx, web.Who(ctx), []attach.Digest{digest}); err != nil {
			return "", err
		}
		data, err := attach.Content(ctx, d.DB, digest)
		if err != nil {
			return "", err
		}
		text = attach.Text(name, data)
	}
	text = strings.ReplaceAll(strings.TrimSpace(text), "\r\n", "\n")
	if text == "" || len(text) > draftMost {
		return "", fault.At(op, "text", "请粘贴讲话稿或选择文件（不超过6万字）。", "Paste the draft or choose a file (at most 60,000 characters).")
	}
	if privacy.Marked(text) {
		return "", privacy.Refused(op, "text")
	}
	return text, nil
}

// Claims checks the lines of a draft against the newest figures of every
// frequency: a claim is judged by the first that has what it takes.
func (d *Desk) Claims(ctx context.Context, lines []string, peers string) (*ClaimPage, error) {
	type key struct{ line, start, end int }
	best := map[key]claim.Finding{}
	from := map[key]*vintage{}
	var n *naming
	for _, f := range []panel.Freq{panel.Monthly, panel.Quarterly, panel.Yearly} {
		v, err := d.now(ctx, f)
		if err != nil {
			return nil, err
		}
		n = v.ref.naming(d.Book.Now())
		if v.panel.Axis.Len == 0 {
			continue
		}
		terms, err := v.terms()
		if err != nil {
			return nil, err
		}
		for _, found := range claim.New(v.panel, claim.Options{Terms: terms, Peers: peers, Home: v.ref.home()}).Check(lines) {
			k := key{found.Line, found.Start, found.End}
			if have, ok := best[k]; !ok || have.Verdict == claim.NoData && found.Verdict != claim.NoData {
				best[k], from[k] = found, v
			}
		}
	}
	page := &ClaimPage{Lines: []ClaimLine{}, Counts: map[string]int{}}
	total := 0
	for i, text := range lines {
		line := ClaimLine{N: i + 1, Pieces: []ClaimPart{}}
		var list []key
		for k := range best {
			if k.line == i+1 {
				list = append(list, k)
			}
		}
		slices.SortFunc(list, func(a, b key) int { return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(b.end, a.end)) })
		done := 0
		for _, k := range list {
			if k.start < done {
				continue // within a claim that was shown
			}
			total++
			f := best[k]
			page.Counts[string(f.Verdict)]++
			if k.start > done {
				line.Pieces = append(line.Pieces, ClaimPart{Text: text[done:k.start]})
			}
			line.Pieces = append(line.Pieces, ClaimPart{text[k.start:k.end], from[k].claimRow(n, total, f)})
			done = k.end
		}
		if done < len(text) {
			line.Pieces = append(line.Pieces, ClaimPart{Text: text[done:]})
		}
		page.Lines = append(page.Lines, line)
	}
	return page, nil
}

// terms gives the names of indicators that drafts may use: those that come with
// the program, and the office's own.
func (v *vintage) terms() (claim.Dictionary, error) {
	terms, err := claim.BuiltIn()
	if err != nil || len(v.ref.Indicators) == 0 {
		return terms, err
	}
	own, err := claim.ReadDictionary(table(v.ref.Indicators, panel.Yearly))
	return terms.With(own), err
}

func (v *vintage) claimRow(n *naming, number int, f claim.Finding) *ClaimRow {
	row := &ClaimRow{N: number, Kind: string(f.Kind), Verdict: f.Verdict, Name: verdictName(f.Verdict), Why: f.Why, Evidence: []EvidenceRow{}}
	for _, e := range f.Evidence {
		ev := EvidenceRow{Indicator: n.indicator(e.Indicator), Subject: n.subject(e.Subject), Time: e.Time, Value: e.Value, Unit: n.unit(e.Indicator), Source: v.source(e.Indicator, e.Subject, e.Time)}
		if _, period, ok := panel.ParsePeriod(e.Time); ok {
			c, _ := v.origin(spot{e.Indicator, e.Subject, period})
			ev.Release = c.Release
		}
		row.Evidence = append(row.Evidence, ev)
	}
	return row
}

func verdictName(v claim.Verdict) fault.Text {
	switch v {
	case claim.Agrees:
		return fault.T("一致", "Agrees")
	case claim.Disagrees:
		return fault.T("不一致", "Disagrees")
	case claim.Ambiguous:
		return fault.T("口径不明", "Ambiguous")
	}
	return fault.T("无数据", "No data")
}
