package observatory

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"touyan.dev/touyan/kernel/attach"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/observatory/panel"
	"touyan.dev/touyan/observatory/sheet"
)

// The kinds of the events of releases. Their subject is the release.
const (
	EventBrought   = "observatory.release/bring"
	EventDecided   = "observatory.release/decide"
	EventPublished = "observatory.release/publish"
	EventDropped   = "observatory.release/drop"
)

// Import says which file is brought in and how it is read.
type Import struct {
	Digest  attach.Digest // of the uploaded content
	Name    string
	Sheet   int          // which grid of the file
	Shape   *sheet.Shape // nil: as the program guesses
	Vintage string       // YYYY-MM-DD; "" for today
	First   bool         // first estimates: every cell is provisional
}

// Look is what a file holds, before anything of it is kept.
type Look struct {
	Sheets  []string
	Sheet   int
	Grid    sheet.Grid
	Shape   sheet.Shape
	Notes   []sheet.Note
	Result  sheet.Result
	Freq    panel.Freq
	Vintage string
	Fresh   []Cell // cells that are new, or differ from what is published
	Revised []Revision
	Same    int
	Doubts  []Doubt  // what the gate would notice
	gated   *vintage // what is published with the file on top; nil where nothing could be read
}

// Revision is a cell that was published with another value.
type Revision struct {
	Cell
	Before float64
	Final  bool // the value stays, and is no longer provisional
}

// read opens a file and reads one of its sheets. Errors in its cells are in the
// answer, not errors.
func (d *Desk) read(ctx context.Context, who auth.Principal, in Import) (*Look, error) {
	const op = "observatory.read"
	if err := d.Files.Ready(ctx, who, []attach.Digest{in.Digest}); err != nil {
		return nil, err
	}
	data, err := attach.Content(ctx, d.DB, in.Digest)
	if err != nil {
		return nil, err
	}
	grids, err := sheet.Open(in.Name, data)
	if err != nil {
		return nil, err
	}
	if in.Sheet < 0 || in.Sheet >= len(grids) {
		return nil, fault.At(op, "sheet", fmt.Sprintf("文件只有%d个工作表，请重新选择。", len(grids)), fmt.Sprintf("The file has %d sheets; choose one of them.", len(grids)))
	}
	look := &Look{Sheet: in.Sheet, Grid: grids[in.Sheet], Vintage: in.Vintage}
	for _, g := range grids {
		look.Sheets = append(look.Sheets, g.Name)
	}
	if look.Vintage == "" {
		look.Vintage = d.Book.Now().Day()
	}
	if t, ok := day(look.Vintage); !ok || t.After(d.Clock.Now().Add(24*time.Hour)) {
		return nil, fault.At(op, "vintage", "发布日期应写作 2026-11-20，且不晚于今天。", "The day of publication is written 2026-11-20 and is not after today.")
	}
	ref, err := d.reference(ctx)
	if err != nil {
		return nil, err
	}
	known, err := ref.known()
	if err != nil {
		return nil, err
	}
	look.Shape, look.Notes = sheet.Guess(look.Grid, known)
	if in.Shape != nil {
		look.Notes = look.Shape.Left(look.Notes, *in.Shape)
		look.Shape = *in.Shape
	}
	look.Result = sheet.Read(look.Grid, look.Shape, known)
	return look, d.compare(ctx, look, in)
}

// known gives the names that a file may use.
func (r *Reference) known() (sheet.Known, error) {
	k := sheet.Known{Spellings: map[string]string{}}
	for _, l := range r.Subjects {
		k.Subjects = append(k.Subjects, panel.Subject{Code: l["code"], Name: nameOf(l)})
		for _, other := range strings.FieldsFunc(l["spellings"], func(c rune) bool { return c == '|' || c == '、' }) {
			k.Spellings[other] = l["code"]
		}
	}
	if len(r.Indicators) == 0 {
		return k, nil
	}
	var err error
	k.Indicators, err = panel.ReadIndicators(table(r.Indicators, panel.Yearly))
	return k, err
}

// compare sorts the cells of a file into new, revised and known ones.
func (d *Desk) compare(ctx context.Context, look *Look, in Import) error {
	list := look.Result.Cells
	if len(list) == 0 {
		return nil
	}
	look.Freq = list[0].Freq
	if i := slices.IndexFunc(list, func(c sheet.Cell) bool { return c.Freq != look.Freq }); i >= 0 {
		look.Result.Wrong = append(look.Result.Wrong, sheet.Wrong{Row: list[i].Row, Col: list[i].Col, Text: fault.T("同一张表混有年度、季度或月度数据，请分成几张表导入。", "The sheet mixes yearly, quarterly or monthly figures; bring them in as separate sheets.")})
		return nil
	}
	if early := look.early(); len(early) > 0 {
		look.Result.Wrong = append(look.Result.Wrong, early...)
		return nil
	}
	var codes []string
	for _, c := range list {
		if !slices.Contains(codes, c.Indicator) {
			codes = append(codes, c.Indicator)
		}
	}
	before, err := d.build(ctx, through{freq: look.Freq, only: codes, kin: true})
	if err != nil {
		return err
	}
	for _, c := range list {
		if c.Missing {
			continue
		}
		cell := Cell{Indicator: c.Indicator, Subject: c.Subject, Period: c.Period, Value: c.Value, Provisional: c.Provisional || in.First, Line: c.Row + 1, Col: c.Col + 1}
		was, known := before.origin(spot{c.Indicator, c.Subject, c.Period})
		switch {
		case known && was.Value == cell.Value && was.Provisional == cell.Provisional:
			look.Same++
			continue
		case known:
			look.Revised = append(look.Revised, Revision{Cell: cell, Before: was.Value, Final: was.Value == cell.Value})
		}
		look.Fresh = append(look.Fresh, cell)
	}
	slices.SortStableFunc(look.Revised, func(a, b Revision) int { return cmp.Compare(b.share(), a.share()) })
	return look.gate(before)
}

// early gives the cells of a period that had not begun when the file was published:
// a year mistyped would make the panel end there.
func (l *Look) early() (out []sheet.Wrong) {
	published, _ := day(l.Vintage)
	newest := published.Year()*int(l.Freq) + (int(published.Month())-1)*int(l.Freq)/12
	for _, c := range l.Result.Cells {
		if c.Period > newest && !c.Missing {
			when := panel.Axis{Freq: l.Freq, First: c.Period, Len: 1}.Label(0)
			out = append(out, sheet.Wrong{Row: c.Row, Col: c.Col, Text: fault.T(
				when+"在发布日期"+l.Vintage+"之后，还不会有数；请核对时间或发布日期。",
				when+" begins after "+l.Vintage+", the day of publication, and can have no figure yet; check the period or that day.")})
		}
	}
	return out
}

// share is how far a revision goes, as a share of the earlier value.
func (r Revision) share() float64 {
	if r.Before == 0 {
		return math.Abs(r.Value)
	}
	return math.Abs(r.Value/r.Before - 1)
}

// gate finds what quality would notice once the cells of a file lay over what is
// published: about these cells, and about earlier ones that nobody has looked at.
func (l *Look) gate(before *vintage) error {
	var err error
	if l.gated, err = before.over(l.Vintage, l.Fresh); err != nil {
		return err
	}
	for _, x := range l.gated.noticed() {
		if _, decided := before.doubts[spot{x.Indicator, x.Subject, x.Period}]; !decided || x.Release == 0 {
			l.Doubts = append(l.Doubts, x)
		}
	}
	return nil
}

// Look reads a file and tells what it holds; nothing is kept.
func (d *Desk) Look(ctx context.Context, who auth.Principal, in Import) (*Look, error) {
	if err := d.works(who); err != nil {
		return nil, err
	}
	return d.read(ctx, who, in)
}

// Bring keeps what a file holds as a release that waits at the gate. A file with
// an error in any cell is refused as a whole; one that says nothing new is a
// Conflict. Errors name cells as spreadsheets do.
func (d *Desk) Bring(ctx context.Context, who auth.Principal, in Import, key string) (Done, error) {
	const op = "observatory.Bring"
	if err := d.works(who); err != nil {
		return Done{}, err
	}
	if done, again, err := d.resumed(ctx, who, key); again || err != nil {
		return done, err
	}
	look, err := d.read(ctx, who, in)
	if err != nil {
		return Done{}, err
	}
	if err := look.refusal(); err != nil {
		return Done{}, err
	}
	d.bringing.Lock() // else a file sent twice at once would wait twice
	defer d.bringing.Unlock()
	if err := d.fresh(ctx, in.Digest.String(), look); err != nil {
		return Done{}, err
	}
	reading, err := json.Marshal(struct {
		Sheet int         `json:"sheet"`
		Shape sheet.Shape `json:"shape"`
	}{look.Sheet, look.Shape})
	if err != nil {
		return Done{}, fault.Wrap(op, err)
	}
	r := Release{Freq: look.Freq, Vintage: look.Vintage, Name: in.Name, Digest: in.Digest.String(), Reading: string(reading), State: Loading, Cells: int64(len(look.Fresh))}
	for _, c := range look.Fresh {
		r.Newest = max(r.Newest, int64(c.Period))
	}
	c := &bringing{write: d.write(who, key), release: r}
	done, err := d.do(ctx, &c.write, EventBrought, c)
	if err != nil {
		return done, err
	}
	return done, d.fill(ctx, who, done.ID, look, in.Digest, key)
}

// resumed answers a key that was used before, unless what it began was broken off
// before the release stood at the gate.
func (d *Desk) resumed(ctx context.Context, who auth.Principal, key string) (Done, bool, error) {
	e, seen, err := event.Find(ctx, d.DB, event.Once{Actor: who.Person, Key: event.KeyOf(key)})
	if err != nil || !seen || e.Kind != EventBrought {
		return Done{}, false, err
	}
	if _, err := d.Release(ctx, e.Subject); err != nil {
		if fault.Is(err, fault.NotFound) { // broken off
			err = nil
		}
		return Done{}, false, err
	}
	receipt, _, err := d.Key.ReceiptAt(ctx, d.DB, e.Pos)
	return Done{ID: e.Subject, Pos: e.Pos, Receipt: receipt}, true, err
}

// fill writes the cells of a release and puts it to the gate. It may be done
// again after it was broken off.
func (d *Desk) fill(ctx context.Context, who auth.Principal, id int64, look *Look, digest attach.Digest, key string) error {
	n := 0
	for cells := range slices.Chunk(slices.SortedFunc(slices.Values(look.Fresh), inOrder), piece) {
		if err := d.DB.Write(ctx, &filling{id, n, cells}); err != nil {
			return err
		}
		n++
	}
	if _, err := d.Files.Add(ctx, who, id, []attach.Digest{digest}, key+"/file"); err != nil {
		return err
	}
	return d.DB.Write(ctx, &opening{id, look.Doubts})
}

// refusal refuses a file that could not be read without a doubt.
func (l *Look) refusal() error {
	const op = "observatory.Bring"
	if n := len(l.Result.Wrong); n > 0 {
		w := l.Result.Wrong[0]
		cell := sheet.A1(w.Row, w.Col)
		return fault.At(op, "file", fmt.Sprintf("有%d个单元格读不出，没有导入任何数。第一处在%s：%s", n, cell, w.Text.ZH), fmt.Sprintf("%d cells cannot be read; nothing was brought in. The first is %s: %s", n, cell, w.Text.EN))
	}
	if len(l.Result.Cells) == 0 {
		return fault.At(op, "file", "没有读出任何数，请核对表头、行列和指标名称。", "No figure was found; check the header, the rows and columns and the names of indicators.")
	}
	if len(l.Fresh) == 0 {
		return fault.New(fault.Conflict, op, "文件中的数与已发布的完全一致，无需再次导入。", "The file says what is published already; there is nothing to bring in.")
	}
	return nil
}

// fresh refuses a file that waits at the gate already, read in the same way.
func (d *Desk) fresh(ctx context.Context, digest string, look *Look) error {
	waiting, err := store.Collect(ctx, d.DB, scanRelease, "SELECT "+releaseColumns+" FROM release WHERE digest = ? AND state = ?", digest, string(Waiting))
	if err != nil {
		return fault.Wrap("observatory.fresh", err)
	}
	for _, r := range waiting {
		var as struct{ Sheet int }
		if json.Unmarshal([]byte(r.Reading), &as) == nil && as.Sheet == look.Sheet {
			return fault.New(fault.Conflict, "observatory.Bring", "这个文件已经导入，正在等待发布。", "This file was brought in already and waits to be published.")
		}
	}
	return nil
}

// bringing enters a release without its cells.
type bringing struct {
	write
	release Release
}

// Load implements store.Change.
func (c *bringing) Load(g *store.Group) { c.Prepare(g) }

// Decide implements store.Change.
func (c *bringing) Decide(g *store.Group) error {
	if again, err := c.begin(g); again || err != nil {
		return err
	}
	r := c.release
	r.ID, r.Brought, r.BroughtBy = event.Next(g), c.Now.UnixMicro(), c.Who.Person
	store.Insert(g, &releases, r.ID, r)
	_, err := c.log(g, EventBrought, event.NewSubject, struct {
		Name    string     `json:"name"`
		Digest  string     `json:"sha256"`
		Freq    panel.Freq `json:"freq"`
		Vintage string     `json:"vintage"`
		Cells   int64      `json:"cells"`
	}{r.Name, r.Digest, r.Freq, r.Vintage, r.Cells})
	return err
}

// opening puts a release, whose cells are all written, to the gate with what was
// noticed.
type opening struct {
	release int64
	doubts  []Doubt
}

// Load implements store.Change.
func (c *opening) Load(g *store.Group) {
	store.Want(g, &releases, c.release)
	for _, x := range c.doubts {
		store.Want(g, &doubts, c.of(x).remark())
	}
}

func (c *opening) of(x Doubt) Doubt {
	if x.Found = c.release; x.Release == 0 {
		x.Release = c.release
	}
	return x
}

// Decide implements store.Change.
func (c *opening) Decide(g *store.Group) error {
	r, _ := store.Get(g, &releases, c.release)
	r.State = Waiting
	store.Put(g, &releases, r.ID, r)
	for _, x := range c.doubts {
		x = c.of(x)
		if _, known := store.Get(g, &doubts, x.remark()); !known {
			store.Put(g, &doubts, x.remark(), x)
		}
	}
	return nil
}
