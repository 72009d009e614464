package paper

import (
	"math"
	"strings"
	"unicode"
)

// titleMost is how many characters of size 2 (22 pt) a line of 156 mm holds.
const titleMost = 20

// titleLines breaks a title into lines in the shape of a trapezoid or a lozenge
// (7.3.1). Words stay whole as far as can be told without a dictionary: numbers,
// names in book marks or quotation marks, and what a particle ends. A line break
// in the title is kept.
func titleLines(title string) []string {
	if strings.Contains(title, "\n") {
		var out []string
		for _, line := range strings.Split(title, "\n") {
			if line = strings.TrimSpace(line); line != "" {
				out = append(out, titleLines(line)...)
			}
		}
		return out
	}
	text := []rune(strings.TrimSpace(title))
	total := widthOf(string(text))
	if total <= titleMost {
		return []string{string(text)}
	}
	lines := int(math.Ceil(total / titleMost))
	for ; ; lines++ {
		if cut := breakTitle(text, lines); cut != nil {
			return cut
		}
		if lines > len(text) {
			return []string{string(text)}
		}
	}
}

// breakTitle finds the cheapest way to break a title into so many lines; nil if
// no way fits.
func breakTitle(text []rune, lines int) []string {
	n := len(text)
	width := make([]float64, n+1)
	for i, r := range text {
		width[i+1] = width[i] + runeWidth(r)
	}
	ideal := width[n] / float64(lines)
	cost := breakCosts(text)
	type at struct {
		cost float64
		from int
	}
	best := make([][]at, lines+1)
	for l := range best {
		best[l] = make([]at, n+1)
		for i := range best[l] {
			best[l][i].cost = math.Inf(1)
		}
	}
	best[0][0].cost = 0
	for l := 1; l <= lines; l++ {
		for end := 1; end <= n; end++ {
			for start := range end {
				w := width[end] - width[start]
				if w > titleMost || math.IsInf(best[l-1][start].cost, 1) {
					continue
				}
				off := max(0, math.Abs(w-ideal)-2) // lines may differ, and should
				c := best[l-1][start].cost + off*off
				if end < n {
					c += cost[end]
				}
				if c < best[l][end].cost {
					best[l][end] = at{c, start}
				}
			}
		}
	}
	if math.IsInf(best[lines][n].cost, 1) {
		return nil
	}
	out := make([]string, lines)
	for l, end := lines, n; l > 0; l-- {
		start := best[l][end].from
		out[l-1] = string(text[start:end])
		end = start
	}
	return out
}

// breakCosts says how much it costs to break before each character.
func breakCosts(text []rune) []float64 {
	cost := make([]float64, len(text)+1)
	depth := 0
	for i, r := range text {
		if i > 0 {
			cost[i] = breakCost(text[i-1], r)
			if depth > 0 { // within the marks of a book or a quotation
				cost[i] += bad
			}
		}
		switch r {
		case '（', '《', '“', '〔':
			depth++
		case '）', '》', '”', '〕':
			depth = max(0, depth-1)
		}
	}
	return cost
}

// What a break costs: the square of the characters by which lines are uneven is
// the measure.
const never, bad, good = 10_000, 60, -20

// breakCost says how much it costs to break between two characters.
func breakCost(before, after rune) float64 {
	switch {
	case joined(before, after), strings.ContainsRune("、，。：；）》〉”’〕！？", after):
		return never
	case strings.Contains(whole, " "+string([]rune{before, after})+" "):
		return 3 * bad
	case strings.ContainsRune("的和及与等年月日号次批期", after):
		return 2 * bad
	case strings.ContainsRune("的、和及与等）》”〕", before):
		return good
	case strings.ContainsRune("（《“〔", after):
		return good / 2
	}
	return bad / 4
}

// whole are words that titles of the office use again and again, and that must
// not be divided.
const whole = " 关于 印发 做好 加强 推进 落实 开展 办理 工作 事项 情况 通知 报告 请示 批复 意见 方案 办法 规定 决定 通报 反馈 督查 督办 整改 检查 调研 会议 纪要 精神 贯彻 进一 一步 实施 建设 管理 服务 改革 发展 经济 社会 城市 农村 企业 市民 群众 居民 人员 单位 部门 机关 政府 办公 公室 人民 全市 全省 国家 领导 批示 指示 要求 任务 分工 责任 清单 台账 问题 建议 提案 代表 委员 信访 投诉 热线 社保 保险 保障 医疗 教育 学校 学位 住房 老旧 小区 改造 交通 拥堵 治理 环境 环保 生态 安全 生产 应急 防汛 消防 质量 监管 市场 优化 营商 商环 审批 许可 数据 共享 平台 系统 信息 网络 转移 接续 一件 件事 项目 投资 资金 财政 预算 审计 年度 季度 上半 下半 半年 重点 重大 目标 考核 评价 支持 解决 困难 申请 安排 部署 组织 成立 调整 小组 专班 尽快 按时 限期 催办 联络 就业 创业 人才 养老 托育 残疾 救助 扶贫 振兴 产业 工业 科技 创新 文化 旅游 体育 卫生 健康 食品 药品 土地 规划 水利 供水 供电 供热 燃气 道路 桥梁 公园 绿化 垃圾 污水 "

// joined reports two characters of one number or foreign word.
func joined(a, b rune) bool {
	word := func(r rune) bool {
		return r < 128 && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '.' || r == '-' || r == '%')
	}
	return word(a) && (word(b) || strings.ContainsRune("年月日号个项", b)) || strings.ContainsRune("（《“〔", a)
}

// runeWidth is the width of a character in characters of the grid.
func runeWidth(r rune) float64 {
	if r < 0x2000 && r != '·' && r != '×' || r >= 0xFF61 && r <= 0xFFDC {
		return 0.5
	}
	return 1
}

func widthOf(text string) (w float64) {
	for _, r := range text {
		w += runeWidth(r)
	}
	return w
}
