package main

import (
	"fmt"
	"os"
	"strings"

	"touyan.dev/touyan/kernel/audit"
	"touyan.dev/touyan/kernel/fault"
)

// verifyCmd verifies a receipt without network or database.
type verifyCmd struct {
	Receipt string   `arg:"" type:"existingfile" help:"The receipt's JSON file."`
	Key     []string `required:"" short:"k" help:"The city's public key, or a file that holds it. May be given several times, for keys of earlier epochs."`
	JSON    bool     `help:"Print JSON."`
}

// Run implements the command.
func (c *verifyCmd) Run(s streams) error {
	data, err := os.ReadFile(c.Receipt)
	if err != nil {
		return fault.New(fault.Invalid, "verify", "凭证文件无法读取。", "The receipt's file cannot be read.")
	}
	keys := make([]string, len(c.Key))
	for i, k := range c.Key {
		keys[i] = k
		if text, err := os.ReadFile(k); err == nil {
			keys[i] = strings.TrimSpace(string(text))
		}
	}
	report, err := audit.Verify(data, keys)
	if err != nil {
		return err
	}
	if c.JSON {
		if err := printJSON(s.out, report); err != nil {
			return err
		}
	} else {
		for _, k := range report.Checks {
			mark := "✓"
			if !k.OK {
				mark = "✗"
			}
			fmt.Fprintf(s.out, "%s %s %s: %s %s\n", mark, k.Name.ZH, k.Name.EN, k.Detail.ZH, k.Detail.EN)
		}
	}
	if !report.OK {
		return errFound
	}
	return nil
}
