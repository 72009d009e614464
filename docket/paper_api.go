package docket

import (
	"context"
	"fmt"
	"strings"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/paper"
	"touyan.dev/touyan/kernel/web"
)

// paperChoice is a sort that can be made of a matter, or why it cannot.
type paperChoice struct {
	Sort  Sort       `json:"sort"`
	Name  fault.Text `json:"name"`
	Ready bool       `json:"ready"`
	Why   fault.Text `json:"why"`
}

// PaperRow is an issued paper in a list.
type PaperRow struct {
	ID       int64      `json:"id"`
	Sort     Sort       `json:"sort"`
	Name     fault.Text `json:"name"`
	Number   string     `json:"number"`
	Matter   int64      `json:"matter"`
	Digest   string     `json:"digest" doc:"SHA-256 of the file"`
	Size     int64      `json:"size"`
	Issued   string     `json:"issued"`
	IssuedBy string     `json:"issued_by"`
}

// paperMenu is what can be printed of a matter, and what has been issued.
type paperMenu struct {
	Choices []paperChoice `json:"choices"`
	Issued  []PaperRow    `json:"issued"`
	May     bool          `json:"may_issue"`
}

// PaperSheet is a paper as it is printed.
type PaperSheet struct {
	Sort  Sort         `json:"sort"`
	Name  fault.Text   `json:"name"`
	Laid  paper.Laid   `json:"laid"`
	QR    string       `json:"qr" doc:"SVG that leads back to the matter or to the paper"`
	Flaws []paper.Flaw `json:"flaws"`
	May   bool         `json:"may_issue"`
	Week  string       `json:"week" doc:"the Monday of a brief's week"`
	Title string       `json:"title"`
}

// paperPage is an issued paper with its proof.
type paperPage struct {
	PaperRow
	Sheet  *PaperSheet `json:"sheet" doc:"null once erased"`
	Erased bool        `json:"erased"`
}

// IssuedAnswer is the answer to an issuing.
type IssuedAnswer struct {
	ID      int64       `json:"id"`
	Pos     int64       `json:"pos"`
	Number  string      `json:"number"`
	Digest  string      `json:"digest"`
	Receipt receiptBody `json:"receipt"`
	Name    string      `json:"file_name"`
}

// PaperOptions are what one may set on a paper. It is exported because huma fills
// only embedded structs whose names are.
type PaperOptions struct {
	ReplyBy string `query:"reply_by" json:"reply_by,omitempty" maxLength:"10" pattern:"^$|^\\d{4}-\\d{2}-\\d{2}$" doc:"until when an answer is asked for"`
	Words   string `query:"words" json:"words,omitempty" maxLength:"1000" doc:"a paragraph of one's own"`
	Fonts   string `query:"fonts" json:"fonts,omitempty" enum:"plain," doc:"plain: fonts without the names of GB 2312"`
	Base    string `header:"X-Base-URL" query:"base" json:"base,omitempty" maxLength:"200" pattern:"^$|^https?://[A-Za-z0-9.:\\[\\]-]+$" doc:"origin to which the code on the paper leads back"`
}

func (o *Office) registerPapers(s *web.Server) {
	web.Register(s, get("/api/matters/{id}/papers", "matter-papers", "What can be printed of a matter, and what has been issued"), func(ctx context.Context, in *ByID) (*out[paperMenu], error) {
		return reply(o.menu(ctx, web.Who(ctx), in.ID))
	})
	web.Register(s, reads(get("/api/matters/{id}/papers/{sort}", "matter-paper", "A paper of a matter as it would be printed; nothing is issued"), "print"), func(ctx context.Context, in *struct {
		ByID
		Sort Sort `path:"sort" maxLength:"20"`
		PaperOptions
	}) (*out[PaperSheet], error) {
		return reply(o.preview(ctx, web.Who(ctx), in.ID, in.Sort, in.PaperOptions))
	})
	issue := created("/api/matters/{id}/papers", "paper-issue", "Issue a paper of a matter: number, file and receipt")
	web.Register(s, issue, func(ctx context.Context, in *struct {
		ByID
		Body struct {
			Sort Sort `json:"sort" maxLength:"20"`
			PaperOptions
		}
	}) (*out[IssuedAnswer], error) {
		return reply(o.Issue(ctx, web.Who(ctx), in.ID, in.Body.Sort, in.Body.PaperOptions, web.Key(ctx)))
	})
	web.Register(s, reads(get("/api/briefs", "briefs", "The weekly brief as it would be printed"), "brief"), func(ctx context.Context, in *struct {
		Week string `query:"week" maxLength:"10" pattern:"^$|^\\d{4}-\\d{2}-\\d{2}$" doc:"any day of the week; the last whole week by default"`
		PaperOptions
	}) (*out[PaperSheet], error) {
		return reply(o.previewBrief(ctx, web.Who(ctx), in.Week, in.PaperOptions))
	})
	web.Register(s, get("/api/briefs/issued", "briefs-issued", "The weekly briefs that have been issued"), func(ctx context.Context, _ *struct{}) (*out[[]PaperRow], error) {
		return reply(o.issuedBriefs(ctx, web.Who(ctx)))
	})
	brief := created("/api/briefs", "brief-issue", "Issue the brief of a week")
	web.Register(s, brief, func(ctx context.Context, in *struct {
		Body struct {
			Week string `json:"week" maxLength:"10" pattern:"^\\d{4}-\\d{2}-\\d{2}$"`
			PaperOptions
		}
	}) (*out[IssuedAnswer], error) {
		return reply(o.issueBrief(ctx, web.Who(ctx), in.Body.Week, in.Body.PaperOptions, web.Key(ctx)))
	})
	web.Register(s, reads(get("/api/papers/{id}", "paper", "An issued paper"), "paper"), func(ctx context.Context, in *ByID) (*out[paperPage], error) {
		return reply(o.paperPage(ctx, web.Who(ctx), in.ID))
	})
	web.Register(s, reads(get("/api/papers/{id}/file", "paper-file", "The file of an issued paper, the same bytes each time"), "paper"), func(ctx context.Context, in *ByID) (*web.Download, error) {
		p, data, err := o.paperFile(ctx, web.Who(ctx), in.ID)
		if err != nil {
			return nil, err
		}
		return &web.Download{Type: web.TypeDocx, Disposition: web.SaveAs("touyan.docx", paperName(p)+".docx"), Body: data}, nil
	})
}

func paperName(p Issued) string {
	name := p.Sort.Name().ZH
	if p.Number != "" {
		name += "_" + p.Number
	}
	return fmt.Sprintf("%s_%d", name, p.ID)
}

func (v view) paperRow(p Issued) PaperRow {
	return PaperRow{
		ID: p.ID, Sort: p.Sort, Name: p.Sort.Name(), Number: p.Number, Matter: p.Matter, Digest: p.Digest, Size: p.Size, Issued: at(p.Issued), IssuedBy: v.person(p.IssuedBy),
	}
}

// mayIssue reports whether who issues papers of an office.
func (o *Office) mayIssue(who auth.Principal, office int64) bool {
	_, err := o.Rules.Require(o.Book.Now(), who, "docket.paper", auth.Resource{Type: "Docket", Office: office, Need: staff(office)})
	return err == nil
}

func (o *Office) menu(ctx context.Context, who auth.Principal, id int64) (paperMenu, error) {
	got := paperMenu{Choices: []paperChoice{}, Issued: []PaperRow{}}
	d, err := o.detail(ctx, who, id)
	if err != nil {
		return got, err
	}
	got.May = o.mayIssue(who, d.Office)
	for _, s := range sorts() {
		if !got.May && s != FollowSlip && s != ProcessSlip && s != RecordPaper {
			continue // letters and reports are the office's
		}
		why, ready := s.fits(d)
		got.Choices = append(got.Choices, paperChoice{s, s.Name(), ready, why})
	}
	all, err := o.papersOf(ctx, who, id)
	v := o.view(who)
	for _, p := range all {
		got.Issued = append(got.Issued, v.paperRow(p))
	}
	return got, err
}

// surroundings gathers what a paper of an office needs.
func (o *Office) surroundings(who auth.Principal, office int64, in PaperOptions) (Around, error) {
	v := o.view(who)
	a := Around{
		City: v.unit(v.dir.Root()).ZH, Person: v.person(who.Person), Day: calendar.DayOf(v.now).String(),
		Words: strings.TrimSpace(in.Words), Fonts: paper.Fonts(in.Fonts), ReplyBy: in.ReplyBy,
	}
	if in.ReplyBy != "" {
		d, err := calendar.ParseDay(in.ReplyBy)
		if err != nil {
			return a, fault.At("docket.paper", "reply_by", "日期应为 YYYY-MM-DD。", "A date is written YYYY-MM-DD.")
		}
		if d.String() < a.Day {
			return a, fault.At("docket.paper", "reply_by", "反馈日期不能早于今天。", "The day of the answer cannot lie in the past.")
		}
	}
	a.Office = fullName(a.City, v.unit(office).ZH)
	for _, duty := range []auth.Duty{auth.Leader, auth.Deputy} {
		for _, post := range v.dir.Holders(duty, office) {
			a.Leaders = append(a.Leaders, v.person(post.Person))
		}
	}
	return a, nil
}

// fullName writes the name of an organ as its mark wants it: 市政府办公室 of
// 澄川市 is 澄川市人民政府办公室.
func fullName(city, name string) string {
	if rest, ok := strings.CutPrefix(name, "市政府"); ok {
		return city + "人民政府" + rest
	}
	if rest, ok := strings.CutPrefix(name, "市"); ok && city != "" {
		return city + rest
	}
	return name
}

func known(s Sort) error {
	for _, k := range sorts() {
		if k == s {
			return nil
		}
	}
	return fault.At("docket.paper", "sort", "没有这种文件。", "There is no such paper.")
}

func (o *Office) preview(ctx context.Context, who auth.Principal, id int64, s Sort, in PaperOptions) (PaperSheet, error) {
	if err := known(s); err != nil {
		return PaperSheet{}, err
	}
	d, err := o.detail(ctx, who, id)
	if err != nil {
		return PaperSheet{}, err
	}
	if why, ready := s.fits(d); !ready {
		return PaperSheet{}, &fault.Error{Kind: fault.Conflict, Op: "docket.paper", Text: why}
	}
	a, err := o.surroundings(who, d.Office, in)
	if err != nil {
		return PaperSheet{}, err
	}
	a.Back, a.Draft = fmt.Sprintf("%s/matters/%d", in.Base, id), true
	return sheetOf(s, Compose(s, d, a), o.mayIssue(who, d.Office))
}

// sheetOf lays a document out for the screen.
func sheetOf(s Sort, doc paper.Document, may bool) (PaperSheet, error) {
	got := PaperSheet{Sort: s, Name: s.Name(), Laid: paper.Lay(doc), Flaws: paper.Lint(doc), May: may, Title: strings.ReplaceAll(doc.Title, "\n", "")}
	if doc.Back != "" {
		var err error
		if got.QR, err = web.DrawQR(doc.Back); err != nil {
			return got, err
		}
	}
	return got, nil
}

// Issue issues a paper of a matter: its number is drawn and its file made in one
// commit. The same key again is the same paper.
func (o *Office) Issue(ctx context.Context, who auth.Principal, id int64, s Sort, in PaperOptions, key string) (IssuedAnswer, error) {
	if err := known(s); err != nil {
		return IssuedAnswer{}, err
	}
	d, err := o.detail(ctx, who, id)
	if err != nil {
		return IssuedAnswer{}, err
	}
	if why, ready := s.fits(d); !ready {
		return IssuedAnswer{}, &fault.Error{Kind: fault.Conflict, Op: "docket.paper", Text: why}
	}
	a, err := o.surroundings(who, d.Office, in)
	if err != nil {
		return IssuedAnswer{}, err
	}
	c := &issuing{write: o.write(who, key), office: d.Office, matter: id, sort: s, series: o.Series[s], subjects: subjectsOf(d)}
	c.compose = func(paperID int64, number string) paper.Document {
		a.Number, a.Back = number, fmt.Sprintf("%s/papers/%d", in.Base, paperID)
		return Compose(s, d, a)
	}
	return o.issued(ctx, c)
}

// issued sends an issuing to the writer and composes its answer.
func (o *Office) issued(ctx context.Context, c *issuing) (IssuedAnswer, error) {
	done, err := o.do(ctx, &c.write, paperKind+"/issue", c)
	if err != nil {
		return IssuedAnswer{}, err
	}
	p, _, err := o.paper(ctx, c.Who, done.ID)
	return IssuedAnswer{ID: p.ID, Pos: done.Pos, Number: p.Number, Digest: p.Digest, Receipt: done.Receipt, Name: paperName(p)}, err
}

func (o *Office) paperPage(ctx context.Context, who auth.Principal, id int64) (paperPage, error) {
	p, b, err := o.paper(ctx, who, id)
	if err != nil {
		return paperPage{}, err
	}
	got := paperPage{PaperRow: o.view(who).paperRow(p), Erased: b == nil}
	if b == nil {
		return got, nil
	}
	s, err := sheetOf(p.Sort, b.Document, false)
	got.Sheet = &s
	return got, err
}

// mondayOf reads a day of the week wanted; the last whole week by default.
func (o *Office) mondayOf(text string) (calendar.Day, error) {
	today := calendar.DayOf(o.Clock.Now())
	if text == "" {
		return weekOf(today) - 7, nil
	}
	d, err := calendar.ParseDay(text)
	if err != nil {
		return 0, fault.At("docket.brief", "week", "日期应为 YYYY-MM-DD。", "A date is written YYYY-MM-DD.")
	}
	if weekOf(d) > weekOf(today) {
		return 0, fault.At("docket.brief", "week", "这一周还没有开始。", "That week has not begun.")
	}
	return weekOf(d), nil
}

// composeBrief counts a week and makes its brief, for the staff of an office.
func (o *Office) composeBrief(ctx context.Context, who auth.Principal, week string, in PaperOptions) (int64, calendar.Day, Around, Week, error) {
	office, err := o.officeOf(who, 0)
	if err != nil {
		return 0, 0, Around{}, Week{}, err
	}
	if !o.mayRead(who, office, 0) {
		return 0, 0, Around{}, Week{}, fault.New(fault.Forbidden, "docket.brief", "只有办公室的工作人员可以查看督查周报。", "Only the staff of an office see its weekly brief.")
	}
	monday, err := o.mondayOf(week)
	if err != nil {
		return 0, 0, Around{}, Week{}, err
	}
	a, err := o.surroundings(who, office, in)
	if err != nil {
		return 0, 0, Around{}, Week{}, err
	}
	w, err := o.week(ctx, who, office, monday)
	return office, monday, a, w, err
}

func (o *Office) previewBrief(ctx context.Context, who auth.Principal, week string, in PaperOptions) (PaperSheet, error) {
	office, monday, a, w, err := o.composeBrief(ctx, who, week, in)
	if err != nil {
		return PaperSheet{}, err
	}
	a.Back = fmt.Sprintf("%s/briefs?week=%s", in.Base, monday)
	s, err := sheetOf(WeekBrief, briefOf(w, a), o.mayIssue(who, office))
	s.Week = monday.String()
	return s, err
}

func (o *Office) issueBrief(ctx context.Context, who auth.Principal, week string, in PaperOptions, key string) (IssuedAnswer, error) {
	office, _, a, w, err := o.composeBrief(ctx, who, week, in)
	if err != nil {
		return IssuedAnswer{}, err
	}
	c := &issuing{write: o.write(who, key), office: office, sort: WeekBrief, subjects: w.Subjects}
	c.compose = func(id int64, _ string) paper.Document {
		a.Back = fmt.Sprintf("%s/papers/%d", in.Base, id)
		return briefOf(w, a)
	}
	return o.issued(ctx, c)
}

func (o *Office) issuedBriefs(ctx context.Context, who auth.Principal) ([]PaperRow, error) {
	got := []PaperRow{}
	office, err := o.officeOf(who, 0)
	if err != nil {
		return got, err
	}
	all, err := o.papersLike(ctx, who, office, WeekBrief)
	v := o.view(who)
	for _, p := range all {
		got = append(got, v.paperRow(p))
	}
	return got, err
}
