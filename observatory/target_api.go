package observatory

import (
	"context"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/web"
	"touyan.dev/touyan/observatory/fact"
	"touyan.dev/touyan/observatory/panel"
)

// TargetRow is a target with how it stands today.
type TargetRow struct {
	ID     int64       `json:"id"`
	By     string      `json:"by"`
	Growth bool        `json:"growth" doc:"set as growth against the year before, in per cent"`
	Value  float64     `json:"value"`
	Goal   *float64    `json:"goal" doc:"what the indicator must be then; null while the year before is not published"`
	Chance *float64    `json:"chance" doc:"to reach it; null with too few figures for a forecast"`
	Off    float64     `json:"off" doc:"how far off such forecasts were, in per cent"`
	Text   *fault.Text `json:"text" doc:"as the next release would tell it; null where it could not"`
	Source string      `json:"source"`
	Matter int64       `json:"matter"`
	Set    string      `json:"set"`
	SetBy  person      `json:"set_by"`
}

func (d *Desk) registerTargets(s *web.Server) {
	web.Register(s, created("/targets", "target-set", "Enter a target for an indicator"), func(ctx context.Context, in *struct {
		Body struct {
			Freq      int     `json:"freq" enum:"1,4,12" doc:"periods a year"`
			Indicator string  `json:"indicator" maxLength:"60"`
			Subject   string  `json:"subject" maxLength:"60"`
			By        string  `json:"by" maxLength:"10" doc:"2026, 2026Q4 or 2026-12"`
			Growth    bool    `json:"growth,omitempty" doc:"value is growth against the year before, in per cent"`
			Value     float64 `json:"value"`
			Source    string  `json:"source" maxLength:"500" doc:"the sentence that sets it, and where it stands"`
			Matter    int64   `json:"matter,omitempty" minimum:"0" doc:"that carries it"`
		}
	}) (*out[acted], error) {
		b := in.Body
		f, by, ok := panel.ParsePeriod(b.By)
		if !ok || f != panel.Freq(b.Freq) {
			return nil, fault.At("observatory.SetTarget", "by", "时间应写作 2026、2026Q4 或 2026-12，与数据的频度一致。", "The period is written 2026, 2026Q4 or 2026-12, as the figures are.")
		}
		return answer(d.SetTarget(ctx, web.Who(ctx), Target{Freq: f, Indicator: b.Indicator, Subject: b.Subject, By: by, Growth: b.Growth, Value: b.Value, Source: b.Source, Matter: b.Matter}, web.Key(ctx)))
	})
	web.Register(s, post("/targets/{id}/withdraw", "target-withdraw", "Withdraw a target"), func(ctx context.Context, in *struct {
		ByID
		Body struct {
			Reason string `json:"reason" maxLength:"500"`
		}
	}) (*out[acted], error) {
		return answer(d.WithdrawTarget(ctx, web.Who(ctx), in.ID, in.Body.Reason, web.Key(ctx)))
	})
}

// targetRows gives the targets of a subject for an indicator, each as it stands.
func (d *Desk) targetRows(ctx context.Context, v *vintage, n *naming, indicator, subject string) ([]TargetRow, error) {
	list, err := d.targetsOf(ctx, v.freq, indicator)
	rows := []TargetRow{}
	for _, t := range list {
		if t.Subject != subject {
			continue
		}
		row := TargetRow{ID: t.ID, By: label(t.Freq, t.By), Growth: t.Growth, Value: t.Value, Source: t.Source, Matter: t.Matter, Set: at(t.Set), SetBy: n.person(t.SetBy)}
		aim, ok := v.aim(t)
		if ok || !t.Growth || aim.Growth != nil {
			row.Goal = &aim.Value
		}
		if ok {
			o := fact.Options{Targets: []fact.Aim{aim}}
			for _, f := range fact.Aims(v.panel, o) {
				text := fact.Say(v.panel, o, f)
				row.Chance, row.Off, row.Text = &f.Q, aim.Off, &text
			}
		}
		rows = append(rows, row)
	}
	return rows, err
}
