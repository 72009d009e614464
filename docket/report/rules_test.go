package report

import (
	"strings"
	"testing"

	"touyan.dev/touyan/kernel/fault"
)

func TestDefaultRules(t *testing.T) {
	r := rules(t)
	names := map[string]string{}
	have := map[string]bool{}
	for _, u := range r.Units {
		have[u.Key] = true
		if len(u.Words) < 5 {
			t.Errorf("%s has only %d duty words", u.Key, len(u.Words))
		}
		for _, n := range u.Names {
			if other, ok := names[n]; ok {
				t.Errorf("%s names both %s and %s", n, other, u.Key)
			}
			names[n] = u.Key
		}
	}
	for _, key := range strings.Fields("fagai jiaoyu keji gongxin gongan minzheng sifa caizheng renshe ziranziyuan shengtai zhujian jiaotong shuiwu nongye shangwu wenlv weijian yingji shenji guozi shichang tongji yibao jinrong shuju xinfang tuiyi shuiwuju zhengwu") {
		if !have[key] {
			t.Errorf("no unit %s", key)
		}
	}
}

func TestLoadRulesRefuses(t *testing.T) {
	unit := "units:\n  - {key: a, zh: 甲, en: A, words: {教育: 5}}\n"
	if _, err := LoadRules([]byte(unit)); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"no yaml":       "units: [",
		"unknown field": unit + "colour: red\n",
		"no units":      "tasks: true\n",
		"no key":        "units:\n  - {zh: 甲, en: A}\n",
		"key twice":     unit + "  - {key: a, zh: 乙, en: B}\n",
		"no English":    "units:\n  - {key: a, zh: 甲}\n",
		"heavy word":    "units:\n  - {key: a, zh: 甲, en: A, words: {教育: 11}}\n",
		"no weight":     "units:\n  - {key: a, zh: 甲, en: A, words: {教育: 0}}\n",
		"not a number":  "units:\n  - {key: a, zh: 甲, en: A, words: {教育: .nan}}\n",
	} {
		if _, err := LoadRules([]byte(text)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := LoadRules(make([]byte, 1<<20+1)); !fault.Is(err, fault.TooMuch) {
		t.Errorf("a huge table: %v", err)
	}
}

func TestHeavierWordWins(t *testing.T) {
	r, err := LoadRules([]byte("units:\n  - {key: a, zh: 甲, en: A, words: {学校: 2}}\n  - {key: b, zh: 乙, en: B, words: {学校: 3, 食堂: 1}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	p := Propose(NewDocument("t", "t", 2026, "新建学校食堂3座。"), r)[0]
	if p.Lead.Unit != "b" || p.Lead.Score != 4 || len(p.Assist) != 1 || p.Assist[0].Unit != "a" {
		t.Errorf("lead %+v, assist %+v", p.Lead, p.Assist)
	}
	p = Propose(NewDocument("t", "t", 2026, "二、学校工作\n新建食堂3座。"), r)[0]
	if p.Lead.Unit != "b" || p.Lead.Score <= 1 {
		t.Errorf("the heading's word does not count: %+v", p.Lead)
	}
}
