package privacy

import (
	"strings"
	"testing"
)

func TestMarked(t *testing.T) {
	for _, c := range []struct {
		text string
		want bool
	}{
		{"机密★1年", true},
		{"秘密★\n关于……的通知", true},
		{"绝密★30年", true},
		{"机 密 ★ 长期", true},
		{"机\u3000密\u3000★\u3000五年", true},
		{"秘\u200b密★六个月", true},
		{"正文在先，此处标有机密★10年字样的附件一份", true},
		{"秘密*3年", true},
		{"秘密＊", true},
		{"機密☆", true},
		{"机密⭐️1年", true},
		{"机密\n\n澄川市人民政府文件", true},
		{"000001\n机 密\n特急\n\n关于……", true},
		{"机密 特急", true},
		{"【绝密】", true},
		{"【绝密】关于某事的通知", true},
		{"（机密级1年）关于某事的通知", true},
		{"（机密文件除外）关于某事的通知", false},
		{"秘密 1年", true},
		{"份号：000012 机密", true},
		{"密级：机密\n标题", true},
		{"保密等级　秘密", true},
		{"", false},
		{"保守国家秘密，慎之又慎", false},
		{"机密文件的管理按《中华人民共和国保守国家秘密法》执行", false},
		{"绝密级国家秘密是最重要的国家秘密", false},
		{"国家秘密的密级分为绝密、机密、秘密三级", false},
		{"国家秘密标志为密级★保密期限", false},
		{"侵犯商业秘密的*行为", false},
		{"秘密*", true},
		{"不得泄露秘密", false},
		{"密级：公开", false},
		{"密级：秘密、机密、绝密（请勾选）", false},
		{"个人隐私和商业秘密", false},
		{"工作秘密", false},
		{strings.Repeat("一行\n", 20) + "机密", false}, // far down, it is a word
		{strings.Repeat("一行\n", 20) + "机密★", true},
		{"机密性、完整性、可用性", false},
	} {
		if got := Marked(c.text); got != c.want {
			t.Errorf("Marked(%q) = %v", c.text, got)
		}
	}
}

func TestMarkedName(t *testing.T) {
	for _, c := range []struct {
		name string
		want bool
	}{
		{"机密-关于某事的请示.docx", true},
		{"关于某事的请示（秘密）.pdf", true},
		{"【绝密】方案.docx", true},
		{"方案 机密.docx", true},
		{"方案 机密级.docx", true},
		{"方案_秘密1年.docx", true},
		{"机密★3年 方案.docx", true},
		{"秘密.txt", true},
		{"保守国家秘密学习材料.docx", false},
		{"商业秘密保护办法.pdf", false},
		{"机密文件管理制度.docx", false},
		{"照片.jpg", false},
	} {
		if got := MarkedName(c.name); got != c.want {
			t.Errorf("MarkedName(%q) = %v", c.name, got)
		}
	}
}

func TestRefusedRepeatsNothing(t *testing.T) {
	if text := Refused("op", "title").Error(); strings.Contains(text, "★") {
		t.Error(text)
	}
}

func FuzzMarked(f *testing.F) {
	for _, s := range []string{"机密★1年", "密级：机密", "秘密*", "\xff密", "机"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		Marked(s)
		MarkedName(s)
	})
}
