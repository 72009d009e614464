package sheet

import (
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/width"

	"touyan.dev/touyan/observatory/panel"
)

// tidy brings a text into the form in which names are compared: one width, no
// space of any kind, small letters.
func tidy(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || footmark(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, width.Fold.String(s))
}

// footmark reports whether a character points to a note: 澄川市①.
func footmark(r rune) bool { return '①' <= r && r <= '⑳' }

// short cuts a text to what a message may repeat.
func short(s string) string {
	if r := []rune(s); len(r) > 20 {
		return string(r[:19]) + "…"
	}
	return s
}

// patterns holds the expressions that texts of tables are read by.
type patterns struct {
	mark, ordinal, bracket, growth, level, sums, months, rank, prior, basis, total, note, numbered, unitLine, ofAll, tail, firstCount *regexp.Regexp
	years, part, day, span, firstMonths, wordYear, wordMonth                                                                          *regexp.Regexp
	ethnic                                                                                                                            *regexp.Regexp
}

func newPatterns() *patterns {
	re := regexp.MustCompile
	return &patterns{
		mark:       re(`(?:\*+|\((?:初步|初步数|初步核算|初步核算数|快报|快报数|p)\))+$`),
		ordinal:    re(`^(?:[一二三四五六七八九十]+、|\([一二三四五六七八九十\d]+\)|\d{1,2}[、.．]|#+|其中[:：]?)`),
		bracket:    re(`[(\[]([^()\[\]]*)[)\]]`),
		growth:     re(`(?:(?:比|较|与)?(?:上年同期|去年同期|上年同月|上年|去年|同期))?(?:同比)?(?:可比|实际)?(?:增长速度|增长率|增长|增速|增幅|增减幅度|增减|±)(?:\(?±\)?)?%?$|同比(?:\(?±\)?)?%?$`),
		level:      re(`(?:总量|绝对量|绝对值|绝对数|绝对额|数值|数额|实绩|完成额|实际完成|完成数|本期|本期数)$`),
		sums:       re(`(?:本年累计|自年初累计|年初累计|本月止累计|累计完成|累计数|累计值|累计)$`),
		months:     re(`(?:本月实际|本月完成|本月数|本月|当月数|当月)$`),
		rank:       re(`位次|排名|名次|排位|排序`),
		prior:      re(`上年|去年|同期|上期|上月`),
		basis:      re(`^以?(?:上年|上年同期|上年同月|去年同期)(?:为|=)100$`),
		total:      re(`^(?:全[省市国区县盟州]|全自治区)?(?:合计|总计|总和|小计|共计|平均|汇总)?$`),
		note:       re(`^(?:注|备注|附注|说明|数据来源|资料来源|来源|编制单位|制表单位|填报单位|(?:单位|统计)?负责人|联系人|联系电话|电话|(?:填表|填报|制表|审核|复核)人?|(?:填表|填报|报出|制表|打印)(?:日期|时间)|notes?|sources?)\s*\d*\s*[:：、.．]`),
		numbered:   re(`^\s*(?:表|附表|续表)\s*[\d一二三四五六七八九十]+(?:[-—–.－][\d一二三四五六七八九十]+)*[\s:：、]*`),
		unitLine:   re(`^\(?(?:计量单位|单位|制表单位|编制单位|填报单位|制表|填报|日期|时间|来源)[:：](.*?)\)?$`),
		ofAll:      re(`^(?:(?:全[省市国区县盟州]|本市|我市|辖区|地区|各地|分地区|分市|(?:各|分)(?:县市区|县区|区县|市区|市县|市州|地市|设区市|市|县|区|省|州))(?:的)?)+`),
		firstCount: re(`初步|快报`),
		tail:       re(`(?:完成情况|情况统计表|情况表|情况|统计表|一览表|对比表|汇总表|表|数据|指标)$`),

		years:       re(`(?:19|20|21)\d\d`),
		part:        re(`^(?:1-(?:1[0-2]|[2-9])月份?|(?:1[0-2]|0?[1-9])月份?|第?[一二三四1-4]季度?|前三季度?|上半年|全年|q[1-4])`),
		day:         re(`^[-/.](\d{1,2})(?:[-/.](\d{1,2}))?`),
		span:        re(`(\d{1,2})月?(?:-|—|–|―|~|〜|到|至|−|‐|‑)+(\d{1,2}月)`),
		firstMonths: re(`前(\d{1,2})个月`),
		wordYear:    re(`[一二][〇零○一二三四五六七八九]{3}年`),
		wordMonth:   re(`(?:十[一二]|[一二三四五六七八九十])月`),

		ethnic: re(`^(.{2,}?)(?:(?:壮|回|藏|苗|侗|土家|彝|哈尼|傣|景颇|布依|朝鲜|哈萨克|羌|白|傈僳|黎|柯尔克孜|瑶|满|水|佤|拉祜|纳西|畲|仡佬|土|撒拉|保安|东乡|裕固|锡伯|塔吉克|达斡尔|仫佬|毛南|蒙古|各)族)*(?:维吾尔|蒙古|哈萨克|柯尔克孜)?自治[区州县旗]$`),
	}
}

// figure is what a cell of values says.
type figure struct {
	value                float64
	missing, provisional bool
	sign                 string // "%" or "‰" when the cell has one
}

// readFigure reads a cell of values. It fails for what is neither a number nor a
// sign for no data.
func (p *patterns) readFigure(text string) (figure, bool) {
	if v, missing, ok := panel.ParseNumber(text); ok || missing {
		return figure{value: v, missing: missing}, true
	}
	s, f := grouped(width.Fold.String(text)), figure{}
	if m := p.mark.FindStringIndex(strings.ToLower(s)); m != nil && len(s) == len(strings.ToLower(s)) {
		s, f.provisional = s[:m[0]], true
	}
	if s == "" {
		return f, !f.provisional && strings.TrimFunc(text, blank) == ""
	}
	for _, sign := range []string{"%", "‰"} {
		if rest, ok := strings.CutSuffix(s, sign); ok && rest != "" {
			s, f.sign = rest, sign
			break
		}
	}
	v, missing, ok := panel.ParseNumber(s)
	f.value, f.missing = v, missing
	return f, ok || missing
}

// grouped takes the spaces out of a number; one between digits parts thousands
// and is held to that.
func grouped(s string) string {
	var b strings.Builder
	var last rune
	space := false
	for _, r := range s {
		switch {
		case unicode.Is(unicode.Cf, r) || footmark(r):
			continue
		case unicode.IsSpace(r):
			space = true
			continue
		case space && isDigit(last) && isDigit(r):
			b.WriteByte(',')
		}
		space, last = false, r
		b.WriteRune(r)
	}
	return b.String()
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }

func blank(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) }

// number reports whether a cell holds a value or a sign for none.
func (p *patterns) number(text string) (value, none bool) {
	if strings.TrimFunc(text, blank) == "" {
		return false, false
	}
	f, ok := p.readFigure(text)
	return ok && !f.missing, ok && f.missing
}
