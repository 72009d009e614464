package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"touyan.dev/touyan/docket/report"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/observatory/claim"
)

// claimsCmd checks what a draft says against a panel.
type claimsCmd struct {
	Draft string `arg:"" help:"文稿：文本或 Word 文档（.docx）。 The draft: plain text or Word (.docx)." placeholder:"DRAFT"`
	panelFlags
	Home string `help:"文稿没有写明地区时所指的对象代码，如“全市”“我市”。 Code of the subject meant where the draft names none." placeholder:"CODE"`
	JSON bool   `help:"输出 JSON。 Print JSON."`
}

func (c *claimsCmd) Help() string {
	return `逐句找出文稿中可以核对的说法（数值、位次及其变动、增速、首次、占比、比较），与数据核对：一致、不一致、口径不明、无数据，并列出所依据的单元格。数字按文稿所写的位数核对。只读文件，不动数据库。
Finds what a draft says that can be checked (amounts, ranks and their changes, growth, firsts, shares, comparisons) and holds it to the data: agrees, disagrees, ambiguous, no data, each with the cells it rests on. Numbers are held to the digits that the draft gives. It reads files and no database.

  touyan claims 讲话稿.docx --panel 数据.csv --meta 地区.csv --peers province
  touyan claims draft.txt --panel data.csv --meta cities.csv --peers province --json`
}

// Run implements the command.
func (c *claimsCmd) Run(_ context.Context, s streams) error {
	lines, err := c.lines()
	if err != nil {
		return err
	}
	p, err := c.grouped(1)
	if err != nil {
		return err
	}
	terms, err := c.terms()
	if err != nil {
		return err
	}
	if len(c.Peers) != 1 {
		return fault.At("touyan.claims", "--peers", "核对位次只能用一种分组。", "Ranks are checked within one kind of groups.")
	}
	peers := c.Peers[0]
	if peers == "all" {
		peers = ""
	}
	if c.Home != "" {
		if _, ok := p.Subject(c.Home); !ok {
			return fault.At("touyan.claims", "--home", "数据中没有这个代码的对象。", "The data have no subject of this code.")
		}
	}
	found := claim.New(p, claim.Options{Terms: terms, Peers: peers, Home: c.Home}).Check(lines)
	if c.JSON {
		return printJSON(s.out, found)
	}
	printClaims(s.out, found)
	return nil
}

// lines gives the lines or paragraphs of the draft.
func (c *claimsCmd) lines() ([]string, error) {
	data, err := os.ReadFile(c.Draft)
	if err != nil {
		return nil, noFile("DRAFT")
	}
	docs, err := report.Read(filepath.Base(c.Draft), data)
	var lines []string
	for _, d := range docs {
		lines = append(lines, strings.Split(strings.TrimSuffix(strings.ReplaceAll(d.Text, "\r\n", "\n"), "\n"), "\n")...)
	}
	return lines, err
}

// terms gives the built-in names of indicators with those of the office.
func (c *claimsCmd) terms() (claim.Dictionary, error) {
	terms, err := claim.BuiltIn()
	if err != nil {
		return nil, err
	}
	data, err := c.about()
	if err != nil || data == nil {
		return terms, err
	}
	own, err := claim.ReadDictionary(data)
	return terms.With(own), inFile("--about", err)
}

func printClaims(w io.Writer, found []claim.Finding) {
	said := map[claim.Verdict]string{claim.Agrees: "一致 agrees", claim.Disagrees: "不一致 disagrees", claim.Ambiguous: "口径不明 ambiguous", claim.NoData: "无数据 no data"}
	counts := map[claim.Verdict]int{}
	for _, f := range found {
		counts[f.Verdict]++
		fmt.Fprintf(w, "第%d行 line %d  %s\n  %s\n  %s %s\n", f.Line, f.Line, said[f.Verdict], f.Text, f.Why.ZH, f.Why.EN)
		for _, e := range f.Evidence {
			fmt.Fprintf(w, "    %s %s %s = %v  %s\n", e.Subject, e.Time, e.Indicator, e.Value, e.Source)
		}
	}
	fmt.Fprintf(w, "共 %d 处 claims：一致 agrees %d，不一致 disagrees %d，口径不明 ambiguous %d，无数据 no data %d\n",
		len(found), counts[claim.Agrees], counts[claim.Disagrees], counts[claim.Ambiguous], counts[claim.NoData])
}
