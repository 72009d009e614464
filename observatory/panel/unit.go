package panel

// Unit is a measure in terms of the smallest of its dimension.
type Unit struct {
	Dimension string
	Factor    float64
}

// Units lists what statistics are counted in, by the names that texts and
// headers have for it.
func Units() map[string]Unit {
	return map[string]Unit{
		"元": {"yuan", 1}, "万元": {"yuan", 1e4}, "百万元": {"yuan", 1e6}, "亿元": {"yuan", 1e8}, "万亿元": {"yuan", 1e12},
		"美元": {"dollar", 1}, "万美元": {"dollar", 1e4}, "百万美元": {"dollar", 1e6}, "亿美元": {"dollar", 1e8},
		"人": {"person", 1}, "万人": {"person", 1e4}, "亿人": {"person", 1e8},
		"户": {"household", 1}, "万户": {"household", 1e4},
		"平方米": {"m2", 1}, "公顷": {"m2", 1e4}, "平方公里": {"m2", 1e6}, "平方千米": {"m2", 1e6}, "万平方公里": {"m2", 1e10},
		"吨": {"t", 1}, "万吨": {"t", 1e4}, "亿吨": {"t", 1e8},
		"人/平方公里": {"density", 1}, "人每平方公里": {"density", 1},
		"年": {"year", 1}, "岁": {"year", 1},
		"%": {"percent", 1}, "％": {"percent", 1}, "‰": {"percent", 0.1}, "个百分点": {"point", 1}, "倍": {"times", 1},
		"位": {"place", 1}, "个位次": {"place", 1}, "个名次": {"place", 1}, "名": {"place", 1}, "个位": {"place", 1},
	}
}
