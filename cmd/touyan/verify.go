package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"touyan.dev/touyan/kernel/audit"
	"touyan.dev/touyan/kernel/fault"
)

// verifyCmd verifies a receipt without network or database.
type verifyCmd struct {
	Receipt string   `arg:"" help:"凭证的 JSON 文件。 The receipt's JSON file." placeholder:"FILE"`
	Key     []string `required:"" short:"k" help:"本市公钥，或存放公钥的文件；可写多次，以核验更换密钥之前的凭证。 The city's public key, or a file that holds it; several may be given, for keys of earlier epochs." placeholder:"KEY"`
	File    string   `help:"同时核对文件：它的 SHA-256 须是凭证正文所记的摘要（印发的文件与台账）。 Check a file too: its SHA-256 must be the digest that the receipt's body holds (issued papers and ledgers)." placeholder:"FILE"`
	JSON    bool     `help:"输出 JSON。 Print JSON."`
}

func (c *verifyCmd) Help() string {
	return `不需要网络，也不需要数据库。凭证在事项页下载；公钥在数据目录的 keys/log.pub。
It needs no network and no database. Receipts are downloaded on a matter's page; the public key lies in keys/log.pub of the data directory.

  touyan verify receipt.json --key data/keys/log.pub
  touyan verify receipt.json --key data/keys/log.pub --file 催办函.docx`
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
	if c.File != "" {
		check, err := checkFile(c.File, data)
		if err != nil {
			return err
		}
		report.Checks, report.OK = append(report.Checks, check), report.OK && check.OK
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

// checkFile holds a file against the digest in a receipt's body. That the body is
// the one recorded has been checked before.
func checkFile(name string, receipt []byte) (audit.Check, error) {
	content, err := readFile(name)
	if err != nil {
		return audit.Check{}, err
	}
	var r struct {
		Body struct {
			SHA256 string `json:"sha256"`
		} `json:"body"`
	}
	check := audit.Check{Name: fault.T("文件", "file")}
	sum := sha256.Sum256(content)
	switch err := json.Unmarshal(receipt, &r); {
	case err != nil || r.Body.SHA256 == "":
		check.Detail = fault.T("这份凭证不含文件摘要：它不是印发文件或台账的凭证。", "The receipt holds no digest of a file: it is not one of a paper or a ledger.")
	case r.Body.SHA256 != hex.EncodeToString(sum[:]):
		check.Detail = fault.T("文件不是印发时的文件，或已被改动。", "The file is not the one that was issued, or it was changed.")
	default:
		check.OK, check.Detail = true, fault.T("与印发时逐字节相同", "byte for byte as it was issued")
	}
	return check, nil
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
