package notice

import (
	"encoding/json"
	"time"

	"touyan.dev/touyan/kernel/store"
)

// mark names a notice.
type mark struct{ person, pos int64 }

var notices = store.Table[mark, Notice]{
	Name: "notice", Key: []string{"person", "pos"}, KeyType: []string{"BIGINT", "BIGINT"},
	Cols:    []string{"class", "subject", "text", "step", "at", "seen"},
	KeyArgs: func(k mark) []any { return []any{k.person, k.pos} },
	Args: func(n Notice) []any {
		return []any{string(n.Class), n.Subject, n.Text, n.Step, n.At.UnixMicro(), micros(n.Seen)}
	},
	Scan: func(row store.Scanner, rev *int64) (mark, Notice, error) {
		n, err := scanNotice(row, rev)
		return mark{n.Person, n.Pos}, n, err
	},
}

const noticeColumns = "person, pos, class, subject, text, step, at, seen"

func scanNotice(row store.Scanner, more ...any) (n Notice, err error) {
	var at, seen int64
	err = row.Scan(append([]any{&n.Person, &n.Pos, &n.Class, &n.Subject, &n.Text, &n.Step, &at, &seen}, more...)...)
	n.At, n.Seen = instant(at), instant(seen)
	return n, err
}

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func instant(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us)
}

// State is how a delivery stands.
type State string

// The states of a delivery. Only the first two have something left to be done.
const (
	Waiting  State = "waiting"  // to be tried at Next
	Sending  State = "sending"  // claimed until Next
	Sent     State = "sent"     // the channel has taken it
	Unsure   State = "unsure"   // may have been sent: never tried again
	Dead     State = "dead"     // surely not sent, and given up
	Withheld State = "withheld" // the person may no longer know of it, or wants no letters there now
)

// key names a delivery.
type key struct {
	mark
	channel string
}

// Delivery is a notice on its way through a channel.
type Delivery struct {
	Person  int64
	Pos     int64
	Channel string
	State   State
	Tries   int64
	Next    int64 // µs
	First   int64 // µs
	Changed int64 // µs
	Digest  []byte
	Error   string
	Ref     string
}

var deliveries = store.Table[key, Delivery]{
	Name: "delivery", Key: []string{"person", "pos", "channel"}, KeyType: []string{"BIGINT", "BIGINT", "TEXT"},
	Cols:    []string{"state", "tries", "next", "first", "changed", "digest", "error", "ref"},
	KeyArgs: func(k key) []any { return []any{k.person, k.pos, k.channel} },
	Args: func(d Delivery) []any {
		digest := d.Digest
		if digest == nil { // a nil slice would be NULL
			digest = []byte{}
		}
		return []any{string(d.State), d.Tries, d.Next, d.First, d.Changed, digest, d.Error, d.Ref}
	},
	Scan: func(row store.Scanner, rev *int64) (key, Delivery, error) {
		d, err := scanDelivery(row, rev)
		return d.key(), d, err
	},
}

const deliveryColumns = "person, pos, channel, state, tries, next, first, changed, digest, error, ref"

func scanDelivery(row store.Scanner, more ...any) (d Delivery, err error) {
	err = row.Scan(append([]any{&d.Person, &d.Pos, &d.Channel, &d.State, &d.Tries, &d.Next, &d.First, &d.Changed, &d.Digest, &d.Error, &d.Ref}, more...)...)
	return d, err
}

func (d *Delivery) key() key { return key{mark{d.Person, d.Pos}, d.Channel} }

// Way is how a person is told through one channel.
type Way struct {
	To  string  `json:"to"`
	Off []Class `json:"off"` // classes that do not go there
}

// Setting is how a person wants to be told. From and To are minutes of the day;
// equal ones mean no quiet hours.
type Setting struct {
	From, To int
	Ways     map[string]Way
}

// usual is the setting of who has chosen nothing: quiet from ten to seven.
func usual() Setting { return Setting{From: 22 * 60, To: 7 * 60, Ways: map[string]Way{}} }

var settings = store.Table[int64, Setting]{
	Name: "notice_setting", Key: []string{"person"}, KeyType: []string{"BIGINT"}, Cols: []string{"quiet_from", "quiet_to", "ways"},
	KeyArgs: func(id int64) []any { return []any{id} },
	Args: func(s Setting) []any {
		text, err := json.Marshal(s.Ways)
		if err != nil { // a Way holds only plain values
			panic("notice: " + err.Error())
		}
		return []any{s.From, s.To, string(text)}
	},
	Scan: func(row store.Scanner, rev *int64) (person int64, s Setting, err error) {
		return scanSetting(row, rev)
	},
}

func scanSetting(row store.Scanner, more ...any) (person int64, s Setting, err error) {
	var ways string
	if err = row.Scan(append([]any{&person, &s.From, &s.To, &ways}, more...)...); err != nil {
		return 0, s, err
	}
	return person, s, json.Unmarshal([]byte(ways), &s.Ways)
}
