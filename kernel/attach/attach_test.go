package attach

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"io/fs"
	"strings"
	"testing"
	"time"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/store/storetest"
)

func pack(t testing.TB, members ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i+1 < len(members); i += 2 {
		w, err := z.Create(members[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, members[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const types = `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`

func word(t testing.TB, head string, paragraphs ...string) []byte {
	body := ""
	for _, p := range paragraphs {
		body += "<w:p><w:r><w:t>" + strings.ReplaceAll(p, "|", "</w:t></w:r><w:r><w:t>") + "</w:t></w:r></w:p>"
	}
	wrap := func(s string) string { return `<w:document xmlns:w="w">` + s + `</w:document>` }
	return pack(t, "[Content_Types].xml", types, "word/document.xml", wrap(body), "word/header1.xml", wrap("<w:p><w:r><w:t>"+head+"</w:t></w:r></w:p>"))
}

func photo(t testing.TB, w, h, turn int) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for x := range w {
		for y := range h {
			img.SetRGBA(x, y, color.RGBA{uint8(255 * x / w), 0, 0, 255}) // red on the right
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	exif := append([]byte("Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00"), byte(turn), 0, 0)
	exif = append(exif, "GPS-30.27N-120.15E"...)
	segment := append([]byte{0xff, 0xe1, byte((len(exif) + 2) >> 8), byte(len(exif) + 2)}, exif...)
	return append(append(append([]byte{}, b.Bytes()[:2]...), segment...), b.Bytes()[2:]...)
}

func TestKinds(t *testing.T) {
	jpg := photo(t, 20, 10, 1)
	bomb := pack(t, "[Content_Types].xml", types, "word/document.xml", strings.Repeat("<w:p/>", 9<<20))
	for _, c := range []struct {
		name string
		data []byte
		want string // a word of the refusal; "" for none
	}{
		{"a.jpg", jpg, ""},
		{"a.png", jpg, "不符"},
		{"a.pdf", jpg, "不符"},
		{"a.docx", word(t, "", "正文"), ""},
		{"a.xlsx", word(t, "", "正文"), "不符"},
		{"a.docx", []byte("PK\x03\x04 broken"), "不符"},
		{"a.docx", pack(t, "[Content_Types].xml", types, "word/document.xml", "<a/>", "word/vbaProject.bin", "x"), "宏"},
		{"a.docm", word(t, "", "正文"), "不接收"},
		{"a.zip", pack(t, "a.txt", "x"), "不接收"},
		{"a.exe", []byte("MZ"), "不接收"},
		{"a.html", []byte("<script>"), "不接收"},
		{"a.svg", []byte("<svg/>"), "不接收"},
		{"a", []byte("x"), "不接收"},
		{"a.docx", bomb, "过大"},
		{"a.txt", []byte("你好"), ""},
		{"a.txt", []byte("\xc4\xe3\xba\xc3"), ""}, // GBK
		{"a.txt", []byte("a\x00b"), "不符"},
		{"a.csv", []byte("\xff\xfea\x00"), ""},
		{"a.doc", []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("\x00", 600) + "_\x00V\x00B\x00A\x00_\x00P\x00R\x00O\x00J\x00E\x00C\x00T\x00\x00\x00"), "宏"},
	} {
		_, err := kindOf(c.name, c.data)
		got := ""
		if err != nil {
			got = fault.Of(err).Fields[0].Text.ZH
		}
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s %.12q: %q, want %q", c.name, c.data, got, c.want)
		}
	}
}

// world is a cabinet in which person 1 may do everything and person 2 may see
// subject 5 alone.
func world(t *testing.T, db *store.DB) (*Cabinet, *clock.Manual) {
	clk := clock.NewManual(time.Date(2026, 11, 23, 9, 0, 0, 0, clock.Shanghai()))
	return &Cabinet{DB: db, Clock: clk, May: func(_ context.Context, who auth.Principal, subject int64, add bool) error {
		if who.Person == 1 || who.Person == 2 && subject == 5 && !add {
			return nil
		}
		return errNoFile()
	}}, clk
}

func TestFiles(t *testing.T) {
	storetest.Each(t, []fs.FS{event.Migrations(), Migrations()}, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		c, clk := world(t, db)
		one, two := auth.Principal{Person: 1}, auth.Principal{Person: 2}
		data := []byte(strings.Repeat("办理情况\n", 40_000)) // four chunks
		up, err := c.Upload(ctx, one, `C:\来件\情况.txt`, data)
		if err != nil {
			t.Fatal(err)
		}
		again, err := c.Upload(ctx, one, "情况.txt", data)
		if err != nil || again != up || up.Name != "情况.txt" {
			t.Fatalf("again %+v, first %+v: %v", again, up, err)
		}
		if _, err := c.Bind(ctx, one, 5, []Digest{{1}}, "k"); !fault.Is(err, fault.Invalid) {
			t.Errorf("a digest that nobody uploaded was bound: %v", err)
		}
		if _, err := c.Add(ctx, two, 5, []Digest{up.Digest}, "k"); !fault.Is(err, fault.Invalid) {
			t.Errorf("somebody bound what another had uploaded: %v", err)
		}
		bound, err := c.Bind(ctx, one, 5, []Digest{up.Digest}, "k")
		if err != nil {
			t.Fatal(err)
		}
		if twice, err := c.Bind(ctx, one, 5, []Digest{up.Digest}, "other"); err != nil || twice[0].ID != bound[0].ID {
			t.Errorf("bound twice: %+v %v", twice, err)
		}
		if _, err := c.Bind(ctx, two, 5, []Digest{up.Digest}, "k"); !fault.Is(err, fault.NotFound) {
			t.Errorf("who may not add has added: %v", err)
		}
		a, got, err := c.Open(ctx, two, bound[0].ID)
		if err != nil || !bytes.Equal(got, data) || a.Name != "情况.txt" {
			t.Fatalf("%+v %d bytes: %v", a, len(got), err)
		}
		if _, err := c.Get(ctx, auth.Principal{Person: 3}, bound[0].ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("a stranger: %v", err)
		}
		// Swept a day later is only what is bound to nothing.
		orphan, err := c.Upload(ctx, one, "b.txt", []byte("无主"))
		if err != nil {
			t.Fatal(err)
		}
		if n, err := c.Sweep(ctx); n != 0 || err != nil {
			t.Errorf("swept %d at once: %v", n, err)
		}
		clk.Advance(25 * time.Hour)
		if n, err := c.Sweep(ctx); n != 1 || err != nil {
			t.Errorf("swept %d after a day: %v", n, err)
		}
		if _, err := Content(ctx, db, orphan.Digest); err == nil {
			t.Error("what was swept is still there")
		}
		if found, looked, err := Check(ctx, db, 10); err != nil || len(found) != 0 || looked != 1 {
			t.Errorf("check: %v %d %v", found, looked, err)
		}
	})
}

// TestRefusedLeavesNothing: neither a marked file nor one too large leaves a row.
func TestRefusedLeavesNothing(t *testing.T) {
	storetest.Each(t, []fs.FS{event.Migrations(), Migrations()}, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		c, _ := world(t, db)
		one := auth.Principal{Person: 1}
		for i, f := range []struct {
			name string
			data []byte
		}{
			{"a.docx", word(t, "机密★1年", "关于……的请示")},
			{"a.docx", word(t, "", "绝|密|★", "正文")},
			{"a.docx", word(t, "", "000012", "机　密", "特急")},
			{"a.txt", []byte("秘密★\n正文")},
			{"a.txt", []byte("\xbb\xfa\xc3\xdc\xa1\xef1\xc4\xea")}, // GBK
			{"（机密）方案.txt", []byte("正文")},
			{"a.xlsx", pack(t, "[Content_Types].xml", types, "xl/workbook.xml", "<w/>", "xl/worksheets/sheet1.xml", `<s><headerFooter><oddHeader>&amp;C&amp;"宋体"&amp;12机密★1年</oddHeader></headerFooter></s>`)},
			{"a.pptx", pack(t, "[Content_Types].xml", types, "ppt/presentation.xml", "<p/>", "ppt/slides/slide1.xml", `<p xmlns:a="a"><a:p><a:r><a:t>机密</a:t></a:r><a:r><a:t>★</a:t></a:r></a:p></p>`)},
			{"big.txt", bytes.Repeat([]byte("x"), MaxFile+1)},
		} {
			if _, err := c.Upload(ctx, one, f.name, f.data); !fault.Is(err, fault.Invalid) {
				t.Errorf("%d %s was taken: %v", i, f.name, err)
			}
		}
		for _, table := range []string{"blob", "blob_chunk", "upload"} {
			var n int
			if err := db.QueryRow(ctx, "SELECT COUNT(*) FROM "+table).Scan(&n); err != nil || n != 0 {
				t.Errorf("%s holds %d rows: %v", table, n, err)
			}
		}
	})
}

func TestPicture(t *testing.T) {
	for turn := 1; turn <= 8; turn++ {
		out, err := Picture(photo(t, 3200, 1600, turn))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(out, []byte("GPS")) || bytes.Contains(out, []byte("Exif")) {
			t.Error("the place is still in it")
		}
		img, err := jpeg.Decode(bytes.NewReader(out))
		if err != nil {
			t.Fatal(err)
		}
		w, h := img.Bounds().Dx(), img.Bounds().Dy()
		if wide := turn <= 4; wide && (w != 1600 || h != 800) || !wide && (w != 800 || h != 1600) {
			t.Errorf("turn %d: %d × %d", turn, w, h)
		}
		// Where the right edge, which is red, must have come to.
		at := map[int][2]int{1: {w - 1, h / 2}, 2: {0, h / 2}, 3: {0, h / 2}, 4: {w - 1, h / 2}, 5: {w / 2, h - 1}, 6: {w / 2, h - 1}, 7: {w / 2, 0}, 8: {w / 2, 0}}[turn]
		if r, _, _, _ := img.At(at[0], at[1]).RGBA(); r < 0xd000 {
			t.Errorf("turn %d: the red edge is not at %v", turn, at)
		}
	}
	if _, err := Picture([]byte("no picture")); !fault.Is(err, fault.NotFound) {
		t.Error(err)
	}
}

func FuzzText(f *testing.F) {
	f.Add("a.docx", word(f, "头", "正文"))
	f.Add("a.txt", []byte("你好"))
	f.Add("a.pdf", []byte("%PDF-1.4\n1 0 obj"))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		_ = Text(name, data)
		if _, err := properName(name); err != nil {
			_ = fmt.Sprint(err)
		}
	})
}
