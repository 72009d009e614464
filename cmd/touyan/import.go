package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"touyan.dev/touyan/docket"
	"touyan.dev/touyan/docket/report"
	"touyan.dev/touyan/kernel/audit"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/fault"
)

// importCmd groups what brings reports and lists in. Without --as each command
// only shows what it finds; nothing is dispatched by any of them.
type importCmd struct {
	Report   importReportCmd   `cmd:"" help:"把工作报告分解为拟办任务，供人逐条确认。 Break a work report down into proposed tasks, for a person to confirm."`
	List     importListCmd     `cmd:"" help:"导入任务清单（.xlsx 或文本）；有一处错误就整表不导入。 Bring in a task list (.xlsx or text); one fault and nothing of it is taken."`
	Template importTemplateCmd `cmd:"" help:"生成任务清单的 Excel 模板。 Write the Excel template of a task list."`
}

// keeping is where and as whom an import is stored, if it is.
type keeping struct {
	Place
	As string `help:"以谁的名义存入：办公室工作人员的登录名。不加此项只显示、不存入。 As whom to store it: the login of somebody on the office's staff. Without it the finds are shown and nothing is stored." placeholder:"LOGIN"`
	proof
}

// store brings the file in and says where to confirm.
func (k keeping) store(ctx context.Context, s streams, in docket.Bring) error {
	return operator{Place: k.Place, As: k.As}.act(ctx, "import", func(prog *Program, who auth.Principal) error {
		in.Key = once()
		done, faults, err := prog.Docket.Import(ctx, who, in)
		if err != nil {
			return err
		}
		if len(faults) > 0 {
			return refuseRows(s, k.JSON, faults)
		}
		page, all, err := prog.Docket.Intake(ctx, who, done.ID)
		if err != nil {
			return err
		}
		out := stored{ID: page.ID, Kind: page.Kind, Title: page.Title, Proposals: len(all), Receipt: done.Receipt}
		return k.give(s, done.Receipt, out, fmt.Sprintf("已存入 stored: %s，%d 条拟办 proposals；请在 /imports/%d 逐条确认，确认前不会交办。 Confirm them at /imports/%d; nothing is dispatched before.",
			page.Title, len(all), page.ID, page.ID))
	})
}

// stored is the answer of an import that was stored.
type stored struct {
	ID        int64         `json:"id"`
	Kind      string        `json:"kind"`
	Title     string        `json:"title"`
	Proposals int           `json:"proposals"`
	Receipt   audit.Receipt `json:"receipt"`
}

const notStored = "仅显示，未存入；加 --as 登录名 存入。 Shown only; add --as LOGIN to store it."

type importReportCmd struct {
	File string `arg:"" help:"工作报告：.txt、.docx，或 .jsonl、.jsonl.gz 语料。 The report: .txt, .docx, or a corpus as .jsonl or .jsonl.gz."`
	Year int    `help:"语料含多份报告时，取这一年的。 Of several reports in a corpus, the one for this year." placeholder:"YEAR"`
	keeping
}

func (c *importReportCmd) Help() string {
	return `不加 --as 时不需要数据库，只打印拟办任务：原句、动词、指标、时限、建议牵头单位。
Without --as it needs no database and prints the proposals: sentence, verbs, figures, deadline, proposed lead unit.

  touyan import report report.txt
  touyan import report govreports.jsonl.gz --year 2025 --json
  touyan import report report.docx --data data --as lin`
}

// proposed is what a report is broken down into, as JSON.
type proposed struct {
	Title     string            `json:"title"`
	Year      int               `json:"year"`
	Hash      string            `json:"hash"`
	Proposals []report.Proposal `json:"proposals"`
}

// Run implements the command.
func (c *importReportCmd) Run(ctx context.Context, s streams) error {
	data, err := readFile(c.File)
	if err != nil {
		return err
	}
	name := filepath.Base(c.File)
	if c.As != "" {
		if report.IsSheet(name) {
			return fault.New(fault.Invalid, "import report", "表格请用 touyan import list 导入。", "Bring a workbook in by touyan import list.")
		}
		return c.store(ctx, s, docket.Bring{Name: name, Data: data, Year: c.Year})
	}
	docs, err := report.Read(name, data)
	if err != nil {
		return err
	}
	doc, err := report.Pick(docs, c.Year)
	if err != nil {
		return err
	}
	rules, err := report.DefaultRules()
	if err != nil {
		return err
	}
	found, err := report.Commitments(doc, rules)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(s.out, proposed{doc.Title, doc.Year, doc.Hash, found})
	}
	fmt.Fprintf(s.out, "%s：%d 条拟办 proposals\n\n", doc.Title, len(found))
	for i, p := range found {
		showProposal(s, i+1, p)
	}
	fmt.Fprintln(s.out, notStored)
	return nil
}

// showProposal prints one proposal: what was found, then where.
func showProposal(s streams, n int, p report.Proposal) {
	figures := make([]string, 0, len(p.Quantities))
	for _, q := range p.Quantities {
		if figure := q.Text; q.Subject != "" {
			figures = append(figures, q.Subject+" "+figure)
		} else {
			figures = append(figures, figure)
		}
	}
	due := p.Deadline.Text
	if p.Deadline.Date != "" {
		due += " → " + p.Deadline.Date
	}
	lead := p.Lead.Name.ZH
	if len(p.Lead.Words) > 0 {
		lead += "（" + strings.Join(p.Lead.Words, "、") + "）"
	}
	fmt.Fprintf(s.out, "%d  %s\n", n, p.Title)
	for _, line := range [][2]string{
		{"动词 verbs", strings.Join(p.Verbs, "、")}, {"指标 figures", strings.Join(figures, "；")}, {"时限 due", due}, {"牵头 lead", lead},
		{"原文 source", fmt.Sprintf("第%d段第%d句 %s", p.Sentence.Paragraph, p.Sentence.Number, p.Sentence.Text)},
	} {
		text := line[1]
		if text == "" {
			text = "—"
		}
		fmt.Fprintf(s.out, "   %s%s%s\n", line[0], strings.Repeat(" ", max(1, 14-columns(line[0]))), text)
	}
	fmt.Fprintln(s.out)
}

type importListCmd struct {
	File string `arg:"" help:"任务清单：.xlsx，或文本（一行一项）。 The list: .xlsx, or text with one task a line."`
	Year int    `help:"“今年”和不写年份的月份指哪一年；不填为本年。 The year that 今年 and a bare month mean; this year if left out." placeholder:"YEAR"`
	keeping
}

func (c *importListCmd) Help() string {
	return `列依次为任务、牵头单位、协办单位、时限、备注，或由首行列名指明；文本用制表符、竖线或逗号分列。
The columns are task, lead unit, assisting units, deadline and note, or as a first line of headings says; text parts them by tabs, bars or commas.

错误逐行列出，退出状态为 1，什么也不存入。存入时还会核对单位是否在目录中。
Faults are listed by row with exit status 1, and nothing is stored. Units are held against the directory when the list is stored.

  touyan import template tasks.xlsx
  touyan import list tasks.xlsx
  touyan import list tasks.txt --data data --as lin`
}

// rowsOf is what a list holds, as JSON.
type rowsOf struct {
	Rows   []report.Row      `json:"rows"`
	Errors []report.RowError `json:"errors"`
}

// Run implements the command.
func (c *importListCmd) Run(ctx context.Context, s streams) error {
	data, err := readFile(c.File)
	if err != nil {
		return err
	}
	name := filepath.Base(c.File)
	if c.As != "" {
		return c.store(ctx, s, docket.Bring{Name: name, Data: data, List: true, Year: c.Year})
	}
	year := c.Year
	if year == 0 {
		year = clock.System{}.Now().Year()
	}
	rows, faults, err := report.ReadList(name, data, year)
	if err != nil {
		return err
	}
	if len(faults) > 0 {
		return refuseRows(s, c.JSON, faults)
	}
	if c.JSON {
		return printJSON(s.out, rowsOf{rows, []report.RowError{}})
	}
	t := table{head: []string{"行 row", "任务 task", "牵头 lead", "协办 assist", "时限 due"}}
	for _, r := range rows {
		due := r.Due.Text
		if r.Due.Date != "" && r.Due.Date != due {
			due += " → " + r.Due.Date
		}
		t.rows = append(t.rows, []string{fmt.Sprint(r.Row), r.Task, r.Lead, strings.Join(r.Assist, "、"), due})
	}
	t.print(s.out)
	fmt.Fprintln(s.out, notStored)
	return nil
}

// refuseRows lists the faults of a list, by row.
func refuseRows(s streams, asJSON bool, faults []report.RowError) error {
	if asJSON {
		if err := printJSON(s.out, rowsOf{[]report.Row{}, faults}); err != nil {
			return err
		}
		return errFound
	}
	for _, f := range faults {
		where := "整表 the list"
		if f.Row > 0 {
			where = fmt.Sprintf("第 %d 行 row %d", f.Row, f.Row)
		}
		if f.Column != "" {
			where += "，" + f.Column
		}
		fmt.Fprintf(s.out, "✗ %s: %s %s\n", where, f.Text.ZH, f.Text.EN)
	}
	fmt.Fprintf(s.out, "%d 处错误，什么也没有存入。 Faults: %d; nothing was stored.\n", len(faults), len(faults))
	return errFound
}

type importTemplateCmd struct {
	File string `arg:"" help:"要生成的 .xlsx 文件；已存在的不会覆盖。 The .xlsx file to write; one that exists is not written over."`
}

func (c *importTemplateCmd) Help() string { return `  touyan import template tasks.xlsx` }

// Run implements the command.
func (c *importTemplateCmd) Run(s streams) error {
	if !report.IsSheet(c.File) {
		return fault.At("import template", "FILE", "文件名应以 .xlsx 结尾。", "The file's name must end in .xlsx.")
	}
	data, err := report.Template()
	if err != nil {
		return err
	}
	if err := writeNew(c.File, data); err != nil {
		return err
	}
	_, err = fmt.Fprintln(s.out, "已生成 written: "+c.File)
	return err
}
