package main

import (
	"fmt"
	"os"
	"strings"

	"touyan.dev/touyan/kernel/audit"
)

// verifyCmd verifies a receipt without network or database.
type verifyCmd struct {
	Receipt string   `arg:"" help:"凭证的 JSON 文件。 The receipt's JSON file." placeholder:"FILE"`
	Key     []string `required:"" short:"k" help:"本市公钥，或存放公钥的文件；可写多次，以核验更换密钥之前的凭证。 The city's public key, or a file that holds it; several may be given, for keys of earlier epochs." placeholder:"KEY"`
	JSON    bool     `help:"输出 JSON。 Print JSON."`
}

func (c *verifyCmd) Help() string {
	return `不需要网络，也不需要数据库。凭证在事项页下载；公钥在数据目录的 keys/log.pub。
It needs no network and no database. Receipts are downloaded on a matter's page; the public key lies in keys/log.pub of the data directory.

  touyan verify receipt.json --key data/keys/log.pub`
}

// Run implements the command.
func (c *verifyCmd) Run(s streams) error {
	data, err := readFile(c.Receipt)
	if err != nil {
		return err
	}
	report, err := audit.Verify(data, publicKeys(c.Key))
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

// publicKeys gives the keys that a command line names, each itself or the file
// that holds it.
func publicKeys(given []string) []string {
	keys := make([]string, len(given))
	for i, k := range given {
		keys[i] = k
		if text, err := os.ReadFile(k); err == nil {
			keys[i] = strings.TrimSpace(string(text))
		}
	}
	return keys
}
