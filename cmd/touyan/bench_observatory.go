package main

import "touyan.dev/touyan/bench"

// benchEffectCmd times the evaluation of a measure.
type benchEffectCmd struct {
	measured
	Rounds int `help:"评估几遍，取平均。 How often to evaluate; the mean is given." default:"5"`
}

func (c *benchEffectCmd) Help() string { return `  touyan bench effect --rounds 3` }

// Run implements the command.
func (c *benchEffectCmd) Run(s streams) error {
	return c.in(s, func(string) (any, error) { return bench.Effect(max(1, c.Rounds)) })
}

// benchForecastCmd times forecasts.
type benchForecastCmd struct {
	measured
	Series int `help:"多少个序列。 How many series." default:"150000"`
}

func (c *benchForecastCmd) Help() string { return `  touyan bench forecast --series 10000` }

// Run implements the command.
func (c *benchForecastCmd) Run(s streams) error {
	return c.in(s, func(string) (any, error) { return bench.Forecast(max(1, c.Series)), nil })
}
