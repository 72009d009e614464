package panel

import "testing"

// TestReleases: in monthly data a definition may be dated by its year, a growth
// rate is a pace, and a column of English names is taken.
func TestReleases(t *testing.T) {
	p, err := ReadCSV([]byte("code,month,va,va_rate\na,2006-12,1,2\na,2007-01,1,-3\na,2007-06,1,2\n"), Reading{Layout: Wide, SubjectCol: "code", TimeCol: "month"})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Describe([]byte("code,name,name_en\na,澄川市,Chengchuan\n"), "code", "name"); err != nil {
		t.Fatal(err)
	}
	if got := p.Subjects[0].Name; got.ZH != "澄川市" || got.EN != "Chengchuan" {
		t.Errorf("%+v", got)
	}
	if err := p.DescribeIndicators([]byte("code,rate,definitions\nva,,1998=甲;2007=乙;2007-03=丙\nva_rate,growth,\n")); err != nil {
		t.Fatal(err)
	}
	for col, want := range map[int]string{0: "甲", 1: "乙", 2: "乙", 3: "丙", 6: "丙"} {
		if got := p.Slabs[0].ClassOf(0, col).Definition; got != want {
			t.Errorf("%s is defined as %q, want %q", p.Axis.Label(col), got, want)
		}
	}
	if va, rate := p.Indicators[0], p.Indicators[1]; va.Pace || va.Rate || !rate.Pace || !rate.Rate {
		t.Errorf("%+v %+v", va, rate)
	}
	if err := p.DescribeIndicators([]byte("code,definitions\nva,2007Q1=x\n")); err == nil {
		t.Error("a quarter dates a definition of monthly data")
	}
}
