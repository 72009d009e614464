package notice

import (
	"context"
	"net/mail"
	"regexp"
	"slices"
	"strings"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// Setting gives how a person wants to be told.
func (p *Post) Setting(ctx context.Context, person int64) (Setting, error) {
	found, err := store.Collect(ctx, p.cfg.DB, func(row store.Scanner) (Setting, error) {
		_, s, err := scanSetting(row)
		return s, err
	}, "SELECT person, quiet_from, quiet_to, ways FROM notice_setting WHERE person = ?", person)
	if err != nil || len(found) == 0 {
		return usual(), fault.Wrap("notice.Setting", err)
	}
	return found[0], nil
}

// Usual is the way of a channel for which a person has chosen nothing.
func Usual() Way {
	w := Way{}
	for _, c := range Classes() {
		if c.quietly() {
			w.Off = append(w.Off, c)
		}
	}
	return w
}

func userForm() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9._@\-]{1,64}$`) }

// Set enters how a person wants to be told, from now on. Letters that wait are
// sent by it.
func (p *Post) Set(ctx context.Context, person int64, s Setting) error {
	const op = "notice.Set"
	if day := 24 * 60; s.From < 0 || s.To < 0 || s.From >= day || s.To >= day {
		return fault.At(op, "quiet", "免打扰时段应在 00:00 至 23:59 之间。", "Quiet hours lie between 00:00 and 23:59.")
	}
	ways := map[string]Way{}
	for name, w := range s.Ways {
		field := "ways/" + name
		ch, ok := p.channels[name]
		if !ok || !ch.Traits().Address {
			return fault.At(op, field, "没有这个提醒渠道。", "There is no such channel.")
		}
		w.To = strings.TrimSpace(w.To)
		if err := checkAddress(name, w.To); w.To != "" && err != nil {
			return err
		}
		for _, c := range w.Off {
			if !slices.Contains(Classes(), c) {
				return fault.At(op, field+"/off", "没有这一类提醒。", "There is no such class of notices.")
			}
		}
		ways[name] = w
	}
	s.Ways = ways
	return fault.Wrap(op, p.cfg.DB.Write(ctx, &setting{person, s}))
}

// checkAddress refuses an address that cannot be one in a channel.
func checkAddress(channel, to string) error {
	field := "ways/" + channel + "/to"
	if channel == SMTP {
		a, err := mail.ParseAddress(to)
		if err != nil || a.Address != to || len(to) > 200 || strings.ContainsAny(to, "\r\n<>") {
			return fault.At("notice.Set", field, "邮箱地址写法有误，应如 name@example.gov.cn。", "The e-mail address is malformed; it should look like name@example.gov.cn.")
		}
		return nil
	}
	if !userForm().MatchString(to) {
		return fault.At("notice.Set", field, "政务通讯账号只含字母、数字和 . _ - @，不超过 64 个字符。", "The messenger account has letters, digits and . _ - @ only, at most 64 characters.")
	}
	return nil
}

type setting struct {
	person int64
	to     Setting
}

// Load implements store.Change.
func (c *setting) Load(g *store.Group) { store.Want(g, &settings, c.person) }

// Decide implements store.Change.
func (c *setting) Decide(g *store.Group) error {
	old, _ := store.Get(g, &settings, c.person)
	for name, w := range old.Ways { // of a channel that is off just now
		if _, ok := c.to.Ways[name]; !ok {
			c.to.Ways[name] = w
		}
	}
	store.Put(g, &settings, c.person, c.to)
	return nil
}
