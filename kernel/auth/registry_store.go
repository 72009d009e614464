package auth

import "touyan.dev/touyan/kernel/store"

var units = store.Table[int64, Unit]{
	Name: "unit", Key: []string{"id"}, KeyType: []string{"BIGINT"},
	Cols:    []string{"parent", "level", "kind", "duty_key", "name", "name_en"},
	KeyArgs: func(id int64) []any { return []any{id} },
	Args: func(u Unit) []any {
		return []any{u.Parent, string(u.Level), string(u.Kind), u.DutyKey, u.Name.ZH, u.Name.EN}
	},
	Scan: func(row store.Scanner, rev *int64) (id int64, u Unit, err error) {
		err = row.Scan(&u.ID, &u.Parent, &u.Level, &u.Kind, &u.DutyKey, &u.Name.ZH, &u.Name.EN, rev)
		return u.ID, u, err
	},
}

var people = store.Table[int64, Person]{
	Name: "person", Key: []string{"id"}, KeyType: []string{"BIGINT"},
	Cols:    []string{"login", "name", "name_en", "status"},
	KeyArgs: func(id int64) []any { return []any{id} },
	Args:    func(p Person) []any { return []any{p.Login, p.Name.ZH, p.Name.EN, string(p.Status)} },
	Scan: func(row store.Scanner, rev *int64) (id int64, p Person, err error) {
		err = row.Scan(&p.ID, &p.Login, &p.Name.ZH, &p.Name.EN, &p.Status, rev)
		return p.ID, p, err
	},
}

var posts = store.Table[int64, Post]{
	Name: "post", Key: []string{"id"}, KeyType: []string{"BIGINT"},
	Cols:    []string{"person", "unit", "duty", "title", "title_en", "from_day", "to_day"},
	KeyArgs: func(id int64) []any { return []any{id} },
	Args: func(p Post) []any {
		return []any{p.Person, p.Unit, string(p.Duty), p.Title.ZH, p.Title.EN, p.From, p.To}
	},
	Scan: func(row store.Scanner, rev *int64) (id int64, p Post, err error) {
		err = row.Scan(&p.ID, &p.Person, &p.Unit, &p.Duty, &p.Title.ZH, &p.Title.EN, &p.From, &p.To, rev)
		return p.ID, p, err
	},
}

// logins holds each login ever given, with its person.
var logins = store.Table[string, int64]{
	Name: "login", Key: []string{"login"}, KeyType: []string{"TEXT"}, Cols: []string{"person"}, Fixed: true,
	KeyArgs: func(login string) []any { return []any{login} },
	Args:    func(person int64) []any { return []any{person} },
	Scan: func(row store.Scanner, _ *int64) (login string, person int64, err error) {
		err = row.Scan(&login, &person)
		return login, person, err
	},
}
