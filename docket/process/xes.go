package process

import (
	"bufio"
	"errors"
	"io"
	"strings"
)

// place says what an open element of a XES document is.
type place byte

const (
	inLog   place = iota + 1
	inTrace       // a case
	inEvent       // an event of the case
	inValue       // an attribute, or anything else, of whatever it stands in
)

// xes reads a XES document. A trace may say its name after its events, so its
// events wait until it ends. Traces of one name are one case, as they would be in
// a table.
type xes struct {
	tags
	cols   Columns
	byKey  string // the key of the case, without "case:"
	ofCase bool   // whether that key is the trace's
	log    *Log
	stack  []place
	rooted bool // the log element has begun

	traceLine int
	kase      int32 // -1: not read yet
	waiting   []entry

	eventLine int
	event     entry
	has       [3]bool // case, activity, time of the event
}

func readXES(in *bufio.Reader, c Columns) (*Log, error) {
	x := &xes{tags: tags{in: in, line: 1}, cols: c, log: &Log{}}
	x.byKey, x.ofCase = strings.CutPrefix(c.Case, "case:")
	for i, name := range []string{c.Activity, c.Time} {
		if strings.HasPrefix(name, "case:") {
			return nil, flaw(1, []string{c.Activity, c.Time}[i], "活动和时间是事件的属性，不能取自整个案例。", "activity and time are attributes of events, not of cases.")
		}
	}
	for {
		err := x.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = x.take()
		}
		if err != nil {
			return nil, err
		}
	}
	if !x.rooted {
		return nil, flaw(1, "", "没有 log 元素。", "there is no log element.")
	}
	return x.log, nil
}

// take follows one tag.
func (x *xes) take() error {
	if x.closing {
		was := x.stack[len(x.stack)-1]
		x.stack = x.stack[:len(x.stack)-1]
		return x.close(was)
	}
	is, err := x.enters()
	if err != nil {
		return err
	}
	if x.empty {
		return x.close(is)
	}
	x.stack = append(x.stack, is)
	return nil
}

// enters says what an element is that begins.
func (x *xes) enters() (place, error) {
	if len(x.stack) == 0 {
		if string(x.name) != "log" || x.rooted {
			return 0, flaw(x.at, "", "XES 文件只能有一个 log 元素。", "a XES file has one log element.")
		}
		x.rooted = true
		return inLog, nil
	}
	switch in := x.stack[len(x.stack)-1]; {
	case in == inLog && string(x.name) == "trace":
		x.traceLine, x.kase, x.waiting = x.at, -1, x.waiting[:0]
		return inTrace, nil
	case in == inLog && string(x.name) == "event":
		return 0, flaw(x.at, "", "事件不在任何 trace 之中，不知属于哪个案例。", "the event stands in no trace, so its case is unknown.")
	case in == inTrace && string(x.name) == "event":
		x.eventLine, x.event, x.has = x.at, entry{}, [3]bool{}
		return inEvent, nil
	case in == inTrace && x.ofCase && x.hasKey && string(x.key) == x.byKey:
		return inValue, x.named()
	case in == inEvent && x.hasKey:
		return inValue, x.attribute()
	}
	return inValue, nil
}

// named reads the name of the case.
func (x *xes) named() error {
	if x.kase >= 0 {
		return flaw(x.at, x.cols.Case, "属性写了两次。", "the attribute stands twice.")
	}
	if err := checkName(x.at, x.cols.Case, x.said()); err != nil {
		return err
	}
	x.kase = x.log.cases.of(x.value)
	return nil
}

// said is the value of the tag, empty if it has none.
func (x *xes) said() []byte {
	if !x.hasVal {
		return nil
	}
	return x.value
}

// attribute reads one attribute of an event, if it is wanted.
func (x *xes) attribute() error {
	for i, name := range [3]string{x.cols.Case, x.cols.Activity, x.cols.Time} {
		if string(x.key) != name || i == 0 && x.ofCase {
			continue
		}
		if x.has[i] {
			return flaw(x.at, name, "属性写了两次。", "the attribute stands twice.")
		}
		x.has[i] = true
		if i == 2 {
			var ok bool
			if x.event.at, ok = parseInstant(x.said()); !ok {
				return badTime(x.at, name)
			}
			continue
		}
		if err := checkName(x.at, name, x.said()); err != nil {
			return err
		}
		if i == 0 {
			x.event.kase = x.log.cases.of(x.value)
		} else {
			x.event.name = x.log.names.of(x.value)
		}
	}
	return nil
}

// close ends an element.
func (x *xes) close(was place) error {
	switch was {
	case inEvent:
		for i, name := range [3]string{x.cols.Case, x.cols.Activity, x.cols.Time} {
			if !x.has[i] && !(i == 0 && x.ofCase) {
				return flaw(x.eventLine, name, "事件缺少这个属性。", "the event lacks this attribute.")
			}
		}
		x.waiting = append(x.waiting, x.event)
	case inTrace:
		if x.ofCase && x.kase < 0 && len(x.waiting) > 0 {
			return flaw(x.traceLine, x.cols.Case, "案例缺少这个属性。", "the case lacks this attribute.")
		}
		for _, e := range x.waiting {
			if x.ofCase {
				e.kase = x.kase
			}
			x.log.add(e.kase, e.name, e.at)
		}
	}
	return nil
}
