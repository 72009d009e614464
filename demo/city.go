package demo

import (
	"context"
	_ "embed"
	"fmt"
	"strings"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/fault"
)

// Password is everybody's password in the demo, where it is printed. No other
// installation has it.
const Password = "Demo-8823-6154"

//go:embed city.yaml
var cityText []byte

// words is a name in two languages.
type words struct {
	ZH string `yaml:"zh"`
	EN string `yaml:"en"`
}

func (w words) text() fault.Text { return fault.T(w.ZH, w.EN) }

// city is the file city.yaml.
type city struct {
	City          words    `yaml:"city"`
	Province      words    `yaml:"province"`
	Office        words    `yaml:"office"`
	Desks         []words  `yaml:"desks"`
	Bureaus       []bureau `yaml:"bureaus"`
	Districts     []region `yaml:"districts"`
	Streets       []region `yaml:"streets"`
	People        []person `yaml:"people"`
	Administrator person   `yaml:"administrator"`
}

type bureau struct {
	Key      string   `yaml:"key"`
	ZH       string   `yaml:"zh"`
	EN       string   `yaml:"en"`
	Head     string   `yaml:"head"`
	Sections []string `yaml:"sections"` // 综合科/Coordination
}

type region struct {
	Key  string `yaml:"key"`
	In   string `yaml:"in"`
	ZH   string `yaml:"zh"`
	EN   string `yaml:"en"`
	Head string `yaml:"head"`
}

type person struct {
	Login string `yaml:"login"`
	ZH    string `yaml:"zh"`
	EN    string `yaml:"en"`
	Role  words  `yaml:"role"`
	Posts []post `yaml:"posts"`
}

type post struct {
	Unit string    `yaml:"unit"`
	Duty auth.Duty `yaml:"duty"`
	ZH   string    `yaml:"zh"`
	EN   string    `yaml:"en"`
}

func readCity() (*city, error) {
	var c city
	err := decode(context.Background(), "city.yaml", cityText, &c)
	return &c, err
}

// founding builds the city's units, people and posts, each by an act of the
// administrator.
type founding struct {
	*town
	ctx   context.Context
	admin auth.Principal
	taken map[string]bool // posts that people of the story hold: unit and duty
	names map[string]bool // given already
}

// found sets up the installation and fills it.
func (p Parts) found(ctx context.Context) error {
	c, err := readCity()
	if err != nil {
		return err
	}
	token, err := p.Accounts.SetupToken(ctx)
	if err != nil {
		return err
	}
	made, err := p.Accounts.Setup(ctx, auth.Setup{
		Token: token, City: c.City.text(), Office: c.Office.text(),
		Login: c.Administrator.Login, Password: Password, Name: fault.T(c.Administrator.ZH, c.Administrator.EN),
	})
	if err != nil {
		return err
	}
	f := &founding{
		town: &town{Parts: p, city: c, office: made.Office}, ctx: ctx, admin: auth.Principal{Person: made.Person},
		taken: map[string]bool{}, names: map[string]bool{c.Administrator.ZH: true},
	}
	if err := f.units(made.City); err != nil {
		return err
	}
	for _, who := range c.People {
		f.names[who.ZH] = true
		if err := f.person(who.Login, fault.T(who.ZH, who.EN), who.Posts); err != nil {
			return err
		}
	}
	return f.staff()
}

// units builds the tree of units.
func (f *founding) units(root int64) error {
	for i, d := range f.city.Desks {
		if _, err := f.add(f.office, auth.Sector, fmt.Sprintf("office/%d", i+1), "", d.text()); err != nil {
			return err
		}
	}
	for _, b := range f.city.Bureaus {
		id, err := f.add(root, auth.Bureau, b.Key, b.Key, fault.T(b.ZH, b.EN))
		if err != nil {
			return err
		}
		for i, s := range b.Sections {
			zh, en, _ := strings.Cut(s, "/")
			if _, err := f.add(id, auth.Sector, fmt.Sprintf("%s/%d", b.Key, i+1), "", fault.T(zh, en+" Section")); err != nil {
				return err
			}
		}
	}
	for _, d := range f.city.Districts {
		id, err := f.add(root, auth.District, d.Key, d.Key, fault.T(d.ZH, d.EN))
		if err != nil {
			return err
		}
		if _, err := f.add(id, auth.Sector, d.Key+"/1", "", fault.T("政府办督查科", "Supervision Section")); err != nil {
			return err
		}
	}
	for _, s := range f.city.Streets {
		district, err := f.unit(s.In)
		if err != nil {
			return err
		}
		id, err := f.add(district.ID, auth.Street, s.Key, s.Key, fault.T(s.ZH, s.EN))
		if err != nil {
			return err
		}
		if _, err := f.add(id, auth.Sector, s.Key+"/1", "", fault.T("党政综合办", "General Affairs")); err != nil {
			return err
		}
	}
	return nil
}

func (f *founding) add(parent int64, kind auth.Kind, key, dutyKey string, name fault.Text) (int64, error) {
	return f.Registry.AddUnit(f.ctx, f.admin, auth.NewUnit{Key: "demo/unit/" + key, Parent: parent, Kind: kind, DutyKey: dutyKey, Name: name})
}

// person adds a person with posts.
func (f *founding) person(login string, name fault.Text, posts []post) error {
	id, err := f.Registry.AddPerson(f.ctx, f.admin, auth.NewPerson{Key: "demo/person/" + login, Login: login, Name: name, Password: Password})
	if err != nil {
		return err
	}
	for i, p := range posts {
		u, err := f.unit(p.Unit)
		if err != nil {
			return err
		}
		if _, err := f.Registry.AddPost(f.ctx, f.admin, auth.NewPost{
			Key: fmt.Sprintf("demo/post/%s/%d", login, i), Person: id, Unit: u.ID, Duty: p.Duty, Title: fault.T(p.ZH, p.EN),
		}); err != nil {
			return err
		}
		f.taken[p.Unit+" "+string(p.Duty)] = true
	}
	return nil
}

// staff fills every post that nobody of the story holds.
func (f *founding) staff() error {
	for _, b := range f.city.Bureaus {
		if err := f.fill(b.Key, b.Head, "办公室主任", len(b.Sections)); err != nil {
			return err
		}
	}
	for _, d := range f.city.Districts {
		if err := f.fill(d.Key, d.Head, "政府办副主任", 1); err != nil {
			return err
		}
	}
	for _, s := range f.city.Streets {
		if err := f.fill(s.Key, "主任", "党政综合办副主任", 1); err != nil {
			return err
		}
	}
	return nil
}

// fill staffs one unit: liaison officer, head, and for each section its head
// and a clerk.
func (f *founding) fill(key, head, liaison string, sections int) error {
	if err := f.seat(key, key+"-l", post{Unit: key, Duty: auth.Liaison, ZH: liaison, EN: "Liaison Officer"}); err != nil {
		return err
	}
	if err := f.seat(key, key+"-h", post{Unit: key, Duty: auth.Head, ZH: head, EN: "Director"}); err != nil {
		return err
	}
	for i := 1; i <= sections; i++ {
		unit := fmt.Sprintf("%s/%d", key, i)
		if err := f.seat(key, fmt.Sprintf("%s-s%d", key, i), post{Unit: unit, Duty: auth.Section, ZH: "科长", EN: "Section Head"}); err != nil {
			return err
		}
		if err := f.seat(key, fmt.Sprintf("%s-c%d", key, i), post{Unit: unit, Duty: auth.Clerk, ZH: "一级科员", EN: "Case Officer"}); err != nil {
			return err
		}
	}
	return nil
}

func (f *founding) seat(unit, login string, p post) error {
	if f.taken[p.Unit+" "+string(p.Duty)] {
		return nil
	}
	return f.person(login, f.name(login), []post{p})
}

// name makes up a name that nobody in the city has yet.
func (f *founding) name(login string) fault.Text {
	family, given := strings.Fields(familyNames), strings.Fields(givenNames)
	for try := 0; ; try++ {
		zh1, en1, _ := strings.Cut(family[pick(len(family), "family", login, try)], "/")
		zh2, en2, _ := strings.Cut(given[pick(len(given), "given", login, try)], "/")
		if !f.names[zh1+zh2] {
			f.names[zh1+zh2] = true
			return fault.T(zh1+zh2, en1+" "+en2)
		}
	}
}

// The parts of made-up names.
const (
	familyNames = `陈/Chen 方/Fang 许/Xu 沈/Shen 陆/Lu 顾/Gu 江/Jiang 汪/Wang 程/Cheng 邵/Shao 葛/Ge 庄/Zhuang 骆/Luo 俞/Yu 祝/Zhu 章/Zhang 柳/Liu 卫/Wei 蒋/Jiang 韩/Han
		杨/Yang 朱/Zhu 尤/You 何/He 吕/Lü 施/Shi 孔/Kong 曹/Cao 严/Yan 金/Jin 魏/Wei 陶/Tao 姜/Jiang 谢/Xie 邹/Zou 喻/Yu 潘/Pan 范/Fan 彭/Peng 鲁/Lu 苗/Miao 凤/Feng 花/Hua 殷/Yin 罗/Luo 毕/Bi`
	givenNames = `知远/Zhiyuan 明川/Mingchuan 若岚/Ruolan 书宁/Shuning 景行/Jingxing 云舟/Yunzhou 思齐/Siqi 予安/Yu'an 望舒/Wangshu 清和/Qinghe 子衿/Zijin 长青/Changqing 以宁/Yining 疏影/Shuying
		怀瑾/Huaijin 正言/Zhengyan 文澜/Wenlan 晓棠/Xiaotang 一帆/Yifan 守拙/Shouzhuo 秋实/Qiushi 立夏/Lixia 安石/Anshi 照临/Zhaolin 若谷/Ruogu 青禾/Qinghe 雨桐/Yutong 致和/Zhihe 南乔/Nanqiao
		承志/Chengzhi 锦程/Jincheng 佳树/Jiashu 采薇/Caiwei 归帆/Guifan 云开/Yunkai 墨白/Mobai 星野/Xingye 竹青/Zhuqing 亦凡/Yifan 思源/Siyuan 岳川/Yuechuan 泽宇/Zeyu 静姝/Jingshu 念慈/Nianci`
)
