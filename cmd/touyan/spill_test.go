package main

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"touyan.dev/touyan/kernel/store"
)

// upload sends a file and gives its digest.
func (c *city) upload(who, name string, data []byte) string {
	c.t.Helper()
	status, body := c.clients[who].upload(name, data)
	if status != http.StatusOK {
		c.t.Fatalf("upload of %s: %d %s", name, status, body)
	}
	var u struct{ Digest string }
	c.must(json.Unmarshal(body, &u))
	return u.Digest
}

func (cl *client) upload(name string, data []byte) (int, []byte) {
	cl.c.t.Helper()
	req, err := http.NewRequest("POST", cl.c.server.URL+"/api/attachments?name="+escape(name), bytes.NewReader(data))
	cl.c.must(err)
	req.Header.Set("Content-Type", "application/octet-stream")
	req.Header.Set("X-CSRF-Token", cl.csrf)
	res, err := cl.http.Do(req)
	cl.c.must(err)
	defer res.Body.Close()
	out, err := io.ReadAll(res.Body)
	cl.c.must(err)
	return res.StatusCode, out
}

func escape(name string) string {
	var b strings.Builder
	for _, c := range []byte(name) {
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}

// docx makes the smallest document of Word with these paragraphs.
func docx(paragraphs ...string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	add := func(name, text string) {
		w, err := z.Create(name)
		if err == nil {
			_, err = io.WriteString(w, text)
		}
		if err != nil {
			panic(err)
		}
	}
	add("[Content_Types].xml", `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`)
	var doc strings.Builder
	for _, p := range paragraphs {
		doc.WriteString("<w:p><w:r><w:t>" + p + "</w:t></w:r></w:p>")
	}
	add("word/document.xml", `<?xml version="1.0"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>`+doc.String()+`</w:body></w:document>`)
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// pdfOf makes the smallest PDF whose page shows a text; the words stand in it as
// they are.
func pdfOf(words ...string) []byte {
	var b bytes.Buffer
	offsets := []int{}
	object := func(text string) {
		offsets = append(offsets, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", len(offsets), text)
	}
	b.WriteString("%PDF-1.4\n")
	object("<</Type/Catalog/Pages 2 0 R>>")
	object("<</Type/Pages/Kids[3 0 R]/Count 1>>")
	object("<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>")
	content := "BT /F1 12 Tf 72 720 Td (page) Tj ET\n% " + strings.Join(words, "\n% ")
	object(fmt.Sprintf("<</Length %d>>stream\n%s\nendstream", len(content), content))
	object("<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>")
	at := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(offsets)+1)
	for _, o := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&b, "trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(offsets)+1, at)
	return b.Bytes()
}

// planted is a set of phrases. Each is a mark that occurs nowhere else, and two
// halves, each of which gives it away: a page of a database may end between them.
type planted struct {
	halves map[string]int // six characters behind the mark
	n      int
	packed map[[packPiece]byte]int // pieces of compressed files, by the first phrase in them
	files  map[int]int             // how many phrases from that one on stand in the file
	heads  [1 << 16]bool           // the first two bytes of pieces
}

const packPiece = 24

const plantMark = "龘"

func (p *planted) phrase() string {
	var b strings.Builder
	for range 2 {
		half := make([]rune, 6)
		for i := range half {
			half[i] = rune(0x4e00 + rand.IntN(8000))
		}
		p.halves[string(half)] = p.n
		b.WriteString(plantMark + string(half))
	}
	p.n++
	return b.String()
}

func (p *planted) phrases(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = p.phrase()
	}
	return out
}

// pack notes that the phrases from one on stand compressed in a file.
func (p *planted) pack(from int, file []byte) {
	p.files[from] = p.n - from
	// Before and behind the phrases all such files are alike, bit for bit at times.
	end := bytes.LastIndex(file, []byte("PK\x07\x08"))
	for at := end - 160; at+packPiece < end-20; at += 10 {
		piece := [packPiece]byte(file[at:])
		p.packed[piece] = from
		p.heads[int(piece[0])<<8|int(piece[1])] = true
	}
}

// scan enters the phrases that the bytes hold: as UTF-8, as UTF-16 of either
// order, and inside members of zip archives.
func (p *planted) scan(data []byte, found map[int]string, where string) {
	note := func(half string) {
		if n, ok := p.halves[half]; ok {
			found[n] = where
		}
	}
	for rest, mark := data, []byte(plantMark); ; {
		at := bytes.Index(rest, mark)
		if at < 0 {
			break
		}
		if rest = rest[at+len(mark):]; len(rest) >= 18 {
			note(string(rest[:18]))
		}
	}
	wide := utf16.Encode([]rune(plantMark))[0]
	for _, big := range []bool{true, false} {
		unit := func(b []byte) uint16 {
			if big {
				return uint16(b[0])<<8 | uint16(b[1])
			}
			return uint16(b[1])<<8 | uint16(b[0])
		}
		first := []byte{byte(wide), byte(wide >> 8)}
		if big {
			first = []byte{byte(wide >> 8), byte(wide)}
		}
		for rest := data; ; {
			at := bytes.Index(rest, first)
			if at < 0 {
				break
			}
			if rest = rest[at+2:]; len(rest) >= 12 {
				units := make([]uint16, 6)
				for i := range units {
					units[i] = unit(rest[2*i:])
				}
				note(string(utf16.Decode(units)))
			}
		}
	}
	for rest := data; ; {
		at := bytes.Index(rest, []byte("PK\x03\x04"))
		if at < 0 || len(rest) < at+30 {
			break
		}
		head := rest[at:]
		rest = head[4:]
		if skip := 30 + int(head[26]) + int(head[27])<<8 + int(head[28]) + int(head[29])<<8; head[8] == 8 && skip < len(head) {
			text, _ := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(head[skip:])), 4<<20)) // as far as it goes
			if bytes.Contains(text, []byte(plantMark)) {
				p.scan(text, found, where+" (zip)")
			}
		}
	}
	for at := 0; at+packPiece <= len(data); at++ {
		if !p.heads[int(data[at])<<8|int(data[at+1])] {
			continue
		}
		if from, ok := p.packed[[packPiece]byte(data[at:])]; ok {
			for n := range p.files[from] {
				found[from+n] = where + " (packed)"
			}
		}
	}
}

// search looks through every file of the directories.
func (p *planted) search(t *testing.T, dirs ...string) map[int]string {
	t.Helper()
	found := map[int]string{}
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return nil //nolint: a file of a running server may be gone
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return nil //nolint: the same
			}
			p.scan(data, found, path)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// plant fills a city with phrases in every kind of input, and gives what holds
// them.
func (c *city) plant(p *planted, imports, instructions int) (ids []int64, receipts [][]byte) {
	c.t.Helper()
	keep := func(raw json.RawMessage) { receipts = append(receipts, raw) }
	for i := range imports {
		rows := p.phrases(60)
		var text strings.Builder
		text.WriteString("任务\n")
		for _, r := range rows {
			text.WriteString("办理" + r + "\n")
		}
		got := as[struct {
			ID      int64           `json:"id"`
			Receipt json.RawMessage `json:"receipt"`
		}](c, "secretary", "POST", "/api/imports", map[string]any{"name": "清单" + p.phrase(), "text": text.String()})
		keep(got.Receipt)
		ids = append(ids, got.ID)
		if i == 0 { // edited, confirmed and dispatched: a matter of its own
			title := "交办" + p.phrase()
			as[json.RawMessage](c, "secretary", "POST", fmt.Sprintf("/api/imports/%d/proposals/1", got.ID), map[string]any{"act": "confirm", "title": title, "lead": c.bureau, "limit": "5wd"})
			sent := as[struct {
				Matters []int64 `json:"matters"`
			}](c, "secretary", "POST", fmt.Sprintf("/api/imports/%d/dispatch", got.ID), map[string]any{"leader": c.people["leader"]})
			ids = append(ids, sent.Matters...)
		}
	}
	for range instructions {
		from := p.n
		scan := docx(p.phrases(4)...)
		p.pack(from, scan)
		note := []byte("电话记录\n" + strings.Join(p.phrases(4), "\n"))
		paper := pdfOf(p.phrases(3)...)
		files := []string{c.upload("secretary", "来文"+p.phrase()+".docx", scan), c.upload("secretary", "记录.txt", note), c.upload("secretary", "扫描.pdf", paper)}
		got := as[answer](c, "secretary", "POST", "/api/docket/instructions", map[string]any{
			"leader": c.people["leader"], "verbatim": "请阅" + p.phrase() + "，" + p.phrase(), "medium": "paper", "title": "事项" + p.phrase(), "brief": "依据" + p.phrase(), "files": files,
		})
		keep(got.Receipt)
		ids = append(ids, got.ID, got.Matter)
		units := []map[string]any{{"unit": fmt.Sprint(c.bureau), "role": "lead", "limit": "10wd", "task": "任务" + p.phrase()}}
		act := func(who string, id int64, step, name string, input map[string]any) answer {
			done := as[answer](c, who, "POST", fmt.Sprintf("/api/matters/%d/acts", id), map[string]any{"step": step, "act": name, "input": input})
			keep(done.Receipt)
			return done
		}
		act("supervisor", got.Matter, "propose", "submit", map[string]any{"opinion": "意见" + p.phrase(), "units": units})
		act("leader", got.Matter, "approve", "approve", map[string]any{})
		part := act("supervisor", got.Matter, "assign", "assign", map[string]any{"mode": "transfer", "units": units}).Now.Kids[0].ID
		act("liaison", part, "sign", "sign", map[string]any{"note": "收到" + p.phrase()})
		act("liaison", part, "split", "split", map[string]any{"head": fmt.Sprint(c.people["head"])})
		act("head", part, "direct", "direct", map[string]any{"section": fmt.Sprint(c.section)})
		act("chief", part, "allot", "allot", map[string]any{"clerk": fmt.Sprint(c.people["clerk"])})
		photo := c.upload("clerk", "现场"+p.phrase()+".csv", []byte("点位\n"+strings.Join(p.phrases(3), "\n")))
		act("clerk", part, "report", "report", map[string]any{"result": "办结" + p.phrase(), "files": []string{photo}})
		for _, sort := range []string{"slip", "notice", "urge", "record"} { // repeat what was planted
			body := map[string]any{"sort": sort}
			if sort == "notice" || sort == "urge" {
				body["words"] = "另请" + p.phrase()
			}
			keep(as[paperAnswer](c, "supervisor", "POST", fmt.Sprintf("/api/matters/%d/papers", got.Matter), body).Receipt)
		}
	}
	keep(as[paperAnswer](c, "supervisor", "POST", "/api/briefs", map[string]any{"week": c.clock.Now().Format("2006-01-02")}).Receipt)
	return ids, receipts
}

// dataDirs gives the directories in which a city's database keeps anything.
func (c *city) dataDirs() []string {
	if store.EngineOf(c.place.dsn()) == store.SQLite {
		return []string{c.place.Data, filepath.Dir(c.place.dsn())}
	}
	pool, err := sql.Open("pgx", c.place.dsn())
	c.must(err)
	defer pool.Close()
	var dir string
	c.must(pool.QueryRow("SHOW data_directory").Scan(&dir))
	_, err = pool.Exec("CHECKPOINT")
	c.must(err)
	return []string{c.place.Data, dir}
}

// TestSpill plants a thousand phrases over all kinds of inputs, and wants none of
// them in any byte of the data directory, of backups and of exports once they
// have been erased; old receipts verify, check finds nothing, and a backup that
// was not at hand is erased when it is restored.
func TestSpill(t *testing.T) {
	eachCity(t, func(t *testing.T, c *city) {
		p := &planted{halves: map[string]int{}, packed: map[[packPiece]byte]int{}, files: map[int]int{}}
		imports, instructions, least := 6, 28, 1000
		if testing.Short() {
			imports, instructions, least = 1, 4, 100
		}
		ids, receipts := c.plant(p, imports, instructions)
		if p.n < least {
			t.Fatalf("only %d phrases were planted", p.n)
		}
		kept, _ := c.receipt("kept") // something that stays
		backups := t.TempDir()
		given, away := filepath.Join(backups, "given.backup"), filepath.Join(t.TempDir(), "away.backup")
		c.wants(0, nil, append([]string{"backup", given}, at(c.place)...)...)
		c.wants(0, nil, append([]string{"backup", away}, at(c.place)...)...)
		exports := t.TempDir()
		export := func(name string) {
			_, body := c.clients["supervisor"].do("GET", "/api/export/matters.xlsx", nil)
			c.must(os.WriteFile(filepath.Join(exports, name), body, 0o600))
		}
		export("before.xlsx")

		before := p.search(t, append(c.dataDirs(), backups)...)
		for n := range p.n {
			if before[n] == "" {
				t.Errorf("phrase %d is not found before: the search is blind", n)
			}
		}
		if out := p.search(t, exports); len(out) == 0 {
			t.Error("no title is found in the export: the search is blind in zip archives")
		}

		args := []string{"spill"}
		for _, id := range ids {
			args = append(args, fmt.Sprint(id))
		}
		args = append(append(args, at(c.place)...), "--as", "admin")
		c.wants(0, []string{"未作任何改动"}, append(args, "--dry-run")...)
		if again := p.search(t, c.dataDirs()...); len(again) < p.n {
			t.Errorf("a dry run took %d phrases", p.n-len(again))
		}
		c.wants(0, []string{"已清除"}, append(args, "--reason", "误录", "--backup", given)...)
		c.must(os.Remove(filepath.Join(exports, "before.xlsx")))
		export("after.xlsx")
		for n, where := range p.search(t, append(c.dataDirs(), backups, exports)...) {
			t.Errorf("phrase %d is still in %s", n, where)
		}

		c.wants(0, []string{"0 处不符"}, append([]string{"check"}, at(c.place)...)...)
		for i, r := range receipts {
			file := filepath.Join(t.TempDir(), "r.json")
			c.must(os.WriteFile(file, r, 0o600))
			if code, out := command("verify", file, "--key", filepath.Join(c.place.keys(), "log.pub")); code != 0 {
				t.Fatalf("receipt %d: %s", i, out)
			}
		}
		c.pagesAfter(ids)
		c.wants(0, nil, "verify", kept, "--key", filepath.Join(c.place.keys(), "log.pub"))
		c.wants(0, []string{"先前已清除"}, append(args, "--reason", "再次")...)

		// The backup that was elsewhere still holds everything, until it is restored.
		if len(p.search(t, filepath.Dir(away))) < p.n {
			t.Fatal("the backup that was away does not hold the phrases")
		}
		for _, file := range []string{given, away} {
			other := c.elsewhere(store.EngineOf(c.place.dsn()), c.place)
			c.wants(0, []string{"已恢复"}, append([]string{"restore", file}, at(other)...)...)
			c.wants(0, []string{"0 处不符"}, append([]string{"check"}, at(other)...)...)
			dirs := []string{other.Data}
			if store.EngineOf(other.dsn()) == store.SQLite {
				dirs = append(dirs, filepath.Dir(other.dsn()))
			}
			for n, where := range p.search(t, dirs...) {
				t.Errorf("phrase %d came back in %s", n, where)
			}
		}
	})
}

// pagesAfter wants every page of what was erased to be there, and to say so.
func (c *city) pagesAfter(ids []int64) {
	c.t.Helper()
	said := 0
	for _, id := range ids {
		for _, path := range []string{"/api/matters/%d", "/api/docket/instructions/%d", "/api/imports/%d", "/api/matters/%d/tree", "/api/matters/%d/provenance", "/api/matters/%d/papers/record", "/api/attachments?subject=%d"} {
			status, body := c.clients["supervisor"].do("GET", fmt.Sprintf(path, id), nil)
			if status >= 500 {
				c.t.Errorf(path+": %d %s", id, status, body)
			}
			if strings.Contains(string(body), "已清除") {
				said++
			}
			if strings.Contains(string(body), plantMark) {
				c.t.Errorf(path+" still shows a phrase", id)
			}
		}
	}
	if said < len(ids) {
		c.t.Errorf("only %d pages of %d objects say that they were erased", said, len(ids))
	}
	for _, path := range []string{"/api/matters?all=1", "/api/inbox", "/api/board?kind=docket.followup", "/api/imports", "/api/docket/instructions"} {
		if status, body := c.clients["supervisor"].do("GET", path, nil); status != http.StatusOK || strings.Contains(string(body), plantMark) {
			c.t.Errorf("%s: %d", path, status)
		}
	}
}
