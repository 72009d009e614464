package observatory

import (
	"context"
	"fmt"
	"strings"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
)

// Thing is what an object of the observatory is called, and where its page is.
type Thing struct {
	Sort  string // release, fact, note, evaluation, abroad, reference
	ID    int64
	Name  fault.Text // of the sort
	Title string
	Link  string
}

// Thing tells of the object of an event; ok is false if the event is of another
// domain.
func (d *Desk) Thing(ctx context.Context, who auth.Principal, e event.Event) (t Thing, ok bool, err error) {
	kind, _, _ := strings.Cut(e.Kind, "/")
	sort, own := strings.CutPrefix(kind, "observatory.")
	if !own {
		return t, false, nil
	}
	if err := d.reads(who); err != nil {
		return t, true, err
	}
	t = Thing{Sort: sort, ID: e.Subject, Link: fmt.Sprintf("/observatory/%ss/%d", sort, e.Subject)}
	switch sort {
	case "release":
		var r Release
		r, err = d.Release(ctx, e.Subject)
		t.Name, t.Title = fault.T("数据发布", "Release"), r.Name
	case "fact":
		var f Fact
		f, err = d.Fact(ctx, e.Subject)
		t.Name, t.Title = fault.T("事实", "Fact"), f.Told.ZH
		if f.State != FactStands {
			t.Name = fault.T("事实（"+f.State.Name().ZH+"）", "Fact ("+strings.ToLower(f.State.Name().EN)+")")
		}
	case "note":
		var n Note
		n, err = d.Note(ctx, e.Subject)
		t.Name, t.Title = fault.T("材料", "Note"), n.Title
	case "evaluation":
		var x Evaluation
		x, err = d.Evaluation(ctx, e.Subject)
		t.Name, t.Title = fault.T("政策评估", "Evaluation"), x.Title
	case "abroad":
		var a Abroad
		a, err = d.Development(ctx, e.Subject)
		t.Name, t.Title, t.Link = fault.T("外部动态", "Development"), a.Title, "/observatory/abroad"
	case "target":
		var x Target
		x, err = d.Target(ctx, e.Subject)
		t.Name, t.Title, t.Link = fault.T("目标", "Target"), x.Source, fmt.Sprintf("/observatory/indicators/%s?freq=%d&subject=%s", x.Indicator, x.Freq, x.Subject)
	default:
		t.Name, t.Title, t.Link = fault.T("对照表", "Reference"), "", "/observatory/reference"
	}
	return t, true, err
}

// MayFile is attach.Cabinet.May for the files of releases: whoever may read the
// statistics sees the file, and only the import binds one. known is false for a
// subject of another domain.
func (d *Desk) MayFile(ctx context.Context, who auth.Principal, subject int64, add bool) (known bool, err error) {
	e, err := event.At(ctx, d.DB, subject)
	if err != nil || e.Kind != EventBrought && e.Kind != EventFrozen {
		return false, nil
	}
	if add {
		return true, fault.New(fault.Forbidden, "observatory.MayFile", "数据文件随导入保存，不能另加。", "The file of a release is kept with its import; none can be added.")
	}
	return true, d.reads(who)
}
